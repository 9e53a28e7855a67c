import { Command, Option } from 'commander'
import { refuseUseless } from '../../base/useless.js'
import type { LibTorchKind } from '../../libtorch/candidate.js'
import type { Cli } from '../cli.js'
import { examples, oneOrAll, shared } from '../options.js'

export function libtorchCommand(cli: Cli): Command {
  const { terminal, signal } = cli
  const command = new Command('libtorch').description(
    'LibTorch is the tensor library that semples computes with. It is fetched once into the user cache (SEMPLES_CACHE). To use a LibTorch or PyTorch of your own, name its folder in SEMPLES_LIBTORCH.',
  )
  command
    .command('install')
    .description('fetch LibTorch into the user cache, if it is not there')
    .addOption(new Option('--cpu', 'CPU build, about 190 MB (default)').conflicts('cuda'))
    .option('--cuda', 'build for NVIDIA GPUs, about 2.5 GB')
    .option('--from <path>', 'a torch wheel, a LibTorch zip archive or a folder, instead of a download')
    .option('--force', 'install again even if it is installed')
    .addHelpText('after', examples('semples libtorch install', 'semples libtorch install --cuda'))
    .action(async ({ cpu, cuda, from, force }: { cpu?: boolean; cuda?: boolean; from?: string; force?: boolean }) => {
      if (from !== undefined) refuseUseless({ '--force': force }, 'beside --from, which is always installed')
      const { libtorchInstall } = await import('../libtorch.js')
      const { openFetchView } = await import('../progress/fetchLines.js')
      const kind: LibTorchKind | undefined = cuda ? 'cuda' : cpu ? 'cpu' : undefined
      cli.afterInterrupt = () => 'To resume, type the same command again.'
      const view = await openFetchView(terminal)
      await libtorchInstall({ kind, from, force, signal }, terminal.out, view)
    })
  command
    .command('list')
    .description('list what is installed, and which LibTorch is used')
    .addOption(shared.json())
    .action(async ({ json }: { json?: boolean }) => (await import('../libtorch.js')).libtorchList(terminal.out, json))
  command
    .command('remove')
    .argument('[name]', 'name as "semples libtorch list" prints it')
    .option('--all', 'all of them, and what was downloaded in part')
    .description('remove LibTorch from the user cache')
    .action(async (name: string | undefined, { all }: { all?: boolean }) => {
      oneOrAll(name, all, 'semples libtorch')
      await (await import('../libtorch.js')).libtorchRemove(name, terminal.out)
    })
  return command
}
