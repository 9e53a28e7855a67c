import { Argument, Command } from 'commander'
import type { Cli } from '../cli.js'
import { examples } from '../options.js'

/**
 * `completion` prints a script for a shell; that script calls the hidden command `completion-server` for completions.
 * @param createProgram the commands to complete
 */
export function completionCommands({ terminal }: Cli, createProgram: () => Command): [Command, Command] {
  const completion = new Command('completion')
    .summary('print a script with which a shell completes commands')
    .description('Prints a script with which a shell completes commands, options and paths on the Tab key.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish', 'pwsh']))
    .addHelpText(
      'after',
      examples(
        'semples completion bash >> ~/.bashrc                                 then open a new shell',
        'semples completion zsh >> ~/.zshrc                                   after the line with compinit',
        'semples completion fish > ~/.config/fish/completions/semples.fish',
      ),
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish' | 'pwsh') => {
      const { default: tabtab } = await import('@pnpm/tabtab')
      terminal.out(await tabtab.getCompletionScript({ name: 'semples', completer: 'semples', shell }))
    })
  const server = new Command('completion-server').argument('[words...]').action(async (words: string[]) => {
    const { default: tabtab } = await import('@pnpm/tabtab')
    const { suggest } = await import('../completion.js')
    const { words: at, last } = tabtab.parseEnv(process.env)
    const offered = suggest(createProgram(), words.slice(1, at), last)
    if (offered === 'files') tabtab.logFiles()
    else tabtab.log(offered, tabtab.getShellFromEnv(process.env), terminal.out)
  })
  return [completion, server]
}
