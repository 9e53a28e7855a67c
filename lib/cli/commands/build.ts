import { Command } from 'commander'
import type { Cli } from '../cli.js'
import { examples } from '../options.js'

export function buildCommand(cli: Cli): Command {
  const { terminal, signal } = cli
  return new Command('build')
    .description(
      'Builds the addon where no prebuilt one fits this machine or this LibTorch, and keeps it in the user cache (SEMPLES_CACHE). Needs a C++20 compiler, and CMake and Ninja or a Python 3 that fetches them; takes minutes.',
    )
    .option('--libtorch <path>', 'build for this LibTorch or torch folder (default: the one that is found)')
    .addHelpText('after', examples('semples build', 'semples build --libtorch venv/lib/python3.11/site-packages/torch'))
    .action(async ({ libtorch }: { libtorch?: string }) => {
      const { buildAddon } = await import('../../native/build/build.js')
      const { fetchLines } = await import('../progress/fetchLines.js')
      const built = await buildAddon({ libtorch, signal, onProgress: fetchLines(terminal.err) })
      terminal.out(`The addon for LibTorch ${built.builtFor} is in ${built.file}`)
    })
}
