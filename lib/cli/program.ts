import { Command } from 'commander'
import { packageVersion } from '../base/package.js'
import { nearestField } from '../base/spelling.js'
import type { Cli } from './cli.js'
import { commands } from './commands.js'
import { reportFailure } from './failures.js'
import { examples } from './options.js'
import { styles } from './terminal.js'

/**
 * Runs one command.
 * @param words the command-line arguments after `semples`
 * @returns exit status: 0 for success, 1 for an error, 2 for wrong usage, 130 after Ctrl-C
 */
export async function runCommand(words: readonly string[], cli: Cli): Promise<number> {
  try {
    const program = await createProgram(cli, (name) => words.includes(name), words)
    await program.parseAsync([...words], { from: 'user' })
    cli.signal.throwIfAborted()
    return cli.status
  } catch (error) {
    return reportFailure(error, cli)
  }
}

const EXIT_STATUS = `
Exit status: 0 success, 1 error, 2 wrong usage, 130 stopped by Ctrl-C, 143 by SIGTERM.
Results are printed to standard output, everything else to standard error. NO_COLOR=1 disables colours,
FORCE_COLOR=1 enables them. With CI=1, TERM=dumb or in a pipe, progress is printed in lines instead of bars.
`

/**
 * The program with its commands. A command that is not wanted has its name and summary alone: loading the code of all
 * would make each command, and the help, start more slowly.
 */
async function createProgram(
  cli: Cli,
  wanted: (name: string) => boolean,
  words: readonly string[] = [],
): Promise<Command> {
  const program = new Command('semples')
    .description('Weakly-supervised semantic segmentation: pictures with image-level labels in, pixel masks out.')
    .version(packageVersion(), '-v, --version', 'print the version')
    .addHelpText(
      'after',
      examples(
        'semples demo                                   try everything on drawn pictures',
        'semples doctor                                 check this machine',
        'semples train --data photos --labels labels.csv --clip ViT-B-32.pt --weights deit_small_patch16_224-cd65a155.pth --out runs/boats',
        'semples report runs/boats                      see what a run did, on one page',
        'semples masks --run runs/boats --out masks',
        'semples refine --images photos --cams cams --out refined     dense CRF over masks of any method',
        'semples eval --masks masks --ground-truth truth --classes runs/boats/classes.json',
        '',
        'More about a command: npx semples train --help',
      ),
    )
    .addHelpText('after', EXIT_STATUS)
  for (const [name, { summary, hidden, load }] of Object.entries(commands)) {
    const command = wanted(name) ? (await load())(cli, () => createProgram(cli, () => true)) : new Command(name)
    program.addCommand(command.summary(summary), { hidden })
  }
  const { red } = styles(cli.terminal.color)
  const { bold } = styles(cli.terminal.colorOut)
  for (const command of withSubcommands(program)) {
    command
      .exitOverride()
      .showHelpAfterError(`(For help, type: npx semples ${command === program ? '' : `${nameOf(command)} `}--help)`)
      .configureHelp({ styleTitle: bold, ...(command === program ? { subcommandTerm: (each) => each.name() } : {}) })
      .configureOutput({
        writeOut: (text) => cli.terminal.out(text.replace(/\n$/, '')),
        writeErr: (text) => cli.terminal.err(text.replace(/\n$/, '')),
        getOutHasColors: () => cli.terminal.colorOut === true,
        getErrHasColors: () => cli.terminal.color,
        outputError: (text, write) =>
          write(`${text.replace(/^error:/, red('error:'))}${misspelt(text, words, command)}`),
      })
  }
  return program
}

/** Of a required option that is missing, the word that was perhaps meant for it: commander does not look that far. */
function misspelt(error: string, words: readonly string[], { options }: Command): string {
  const missing = /required option '.*(--[a-z-]+)/.exec(error)?.[1]
  const known = new Set(options.map(({ long }) => long))
  const strange = words.map((word) => word.split('=')[0]!).find((word) => word.startsWith('--') && !known.has(word))
  if (missing === undefined || strange === undefined || nearestField(strange, [missing]) === undefined) return ''
  return `(${strange} is no option. Did you mean ${missing}?)\n`
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((inner) => withSubcommands(inner as Command))]
}

/** `libtorch install`. */
function nameOf(command: Command): string {
  const { parent } = command
  return parent === null || parent.parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`
}
