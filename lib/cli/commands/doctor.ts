import { Command } from 'commander'
import type { Cli } from '../cli.js'
import { shared } from '../options.js'

export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .description(
      'Checks Node, addon, LibTorch, CUDA, devices, threads, memory, cache, sharp and write access, and says what to do about what is wrong. Exit status 1 if semples cannot work here; warnings do not change it.',
    )
    .option('--libtorch <path>', 'check this LibTorch or torch folder')
    .addOption(shared.json())
    .action(async (options: { json?: boolean; libtorch?: string }) => {
      const { doctor } = await import('../doctor.js')
      cli.status = await doctor(options, cli.terminal)
    })
}
