import { Command } from 'commander'
import type { Cli } from '../cli.js'
import { shared } from '../options.js'

export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .summary('say what works on this machine, and what does not')
    .description('Looks at Node, the native addon, LibTorch and the devices. Exit status 1 where something is wrong.')
    .option('--libtorch <path>', 'look at this LibTorch or torch folder')
    .addOption(shared.json())
    .action(async (options: { json?: boolean; libtorch?: string }) => {
      const { doctor } = await import('../doctor.js')
      cli.status = await doctor(options, cli.terminal.out)
    })
}
