import { Command } from 'commander'
import type { Cli } from '../cli.js'

/**
 * Answers the script of `semples completion`, which tells in the environment what was typed.
 * @param all makes the program whose commands are completed
 */
export function completionServerCommand({ terminal }: Cli, all: () => Promise<Command>): Command {
  return new Command('completion-server').argument('[words...]').action(async (words: string[]) => {
    const { default: tabtab } = await import('@pnpm/tabtab')
    const { suggest } = await import('../completion.js')
    const { words: at, last } = tabtab.parseEnv(process.env)
    const offered = suggest(await all(), words.slice(1, at), last)
    if (offered === 'files') tabtab.logFiles()
    else tabtab.log(offered, tabtab.getShellFromEnv(process.env), terminal.out)
  })
}
