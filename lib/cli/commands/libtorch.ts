import { Command, Option } from 'commander'
import type { LibTorchKind } from '../../libtorch/candidate.js'
import type { Cli } from '../cli.js'
import { examples, shared } from '../options.js'

export function libtorchCommand(cli: Cli): Command {
  const { terminal, signal } = cli
  const command = new Command('libtorch')
    .summary('install, list or remove LibTorch')
    .description(
      'LibTorch computes; it is fetched once into the user cache (SEMPLES_CACHE). A LibTorch or PyTorch of your own is used when SEMPLES_LIBTORCH names it.',
    )
  command
    .command('install')
    .description('fetch LibTorch into the user cache; what is there already stays')
    .addOption(new Option('--cpu', 'build for the processor alone, about 190 MB (default)').conflicts('cuda'))
    .option('--cuda', 'build for NVIDIA devices, about 2.5 GB')
    .option('--from <path>', 'a torch wheel, a LibTorch zip archive or a folder, instead of a download')
    .option('--force', 'install again although it is installed')
    .addHelpText('after', examples('semples libtorch install', 'semples libtorch install --cuda'))
    .action(async ({ cpu, cuda, from, force }: { cpu?: boolean; cuda?: boolean; from?: string; force?: boolean }) => {
      const { libtorchInstall, progressLines } = await import('../libtorch.js')
      const kind: LibTorchKind | undefined = cuda ? 'cuda' : cpu ? 'cpu' : undefined
      await libtorchInstall({ kind, from, force, signal }, terminal.out, progressLines(terminal.err))
    })
  command
    .command('list')
    .description('what is installed, and which LibTorch is used')
    .addOption(shared.json())
    .action(async ({ json }: { json?: boolean }) => (await import('../libtorch.js')).libtorchList(terminal.out, json))
  command
    .command('remove')
    .argument('[name]', 'as "semples libtorch list" prints it; default: all')
    .description('remove LibTorch from the user cache')
    .action(async (name?: string) => (await import('../libtorch.js')).libtorchRemove(name, terminal.out))
  return command
}
