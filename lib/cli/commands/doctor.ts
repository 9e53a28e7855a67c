import { Command } from 'commander'
import type { Cli } from '../cli.js'
import { shared } from '../options.js'

export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .summary('check Node, addon, LibTorch and devices')
    .description('Checks Node, the native addon, LibTorch and the devices. Exit status 1 if there is a problem.')
    .option('--libtorch <path>', 'check this LibTorch or torch folder')
    .addOption(shared.json())
    .action(async (options: { json?: boolean; libtorch?: string }) => {
      const { doctor } = await import('../doctor.js')
      cli.status = await doctor(options, cli.terminal.out)
    })
}
