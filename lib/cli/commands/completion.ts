import { Argument, Command } from 'commander'
import type { Cli } from '../cli.js'
import { examples } from '../options.js'

/** Prints a script for a shell; that script calls the hidden command `completion-server` for completions. */
export function completionCommand({ terminal }: Cli): Command {
  return new Command('completion')
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
}
