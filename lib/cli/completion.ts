import type { Command, Option } from 'commander'

/** Completions that a shell offers for a word; `files` means its own completion of paths. */
export type Suggestions = { name: string; description: string }[] | 'files'

/** Values of options, and arguments, that are paths. */
const PATHS = /<(dir|file|path|run|table|list)>/

/**
 * Completions of a partly typed command line.
 *
 * @param words those before the one being typed, without `semples` itself
 * @param partial the beginning of the word being typed
 */
export function suggest(program: Command, words: readonly string[], partial: string): Suggestions {
  const { command, option } = walk(program, words)
  if (option !== undefined) {
    if (option.argChoices !== undefined) return option.argChoices.map((name) => ({ name, description: '' }))
    return PATHS.test(option.flags) ? 'files' : []
  }
  const help = command.createHelp()
  const [argument] = command.registeredArguments
  const choices = argument?.argChoices
  if (!partial.startsWith('-')) {
    if (choices !== undefined) return choices.map((name) => ({ name, description: '' }))
    if (argument !== undefined && PATHS.test(`<${argument.name()}>`)) return 'files'
    if (command.commands.length > 0)
      return help.visibleCommands(command).map((inner) => ({ name: inner.name(), description: inner.summary() }))
  }
  return help
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ name: long ?? short ?? '', description: firstClause(description) }))
}

/** The command that is being typed, and its option that still lacks a value. */
function walk(program: Command, words: readonly string[]): { command: Command; option?: Option } {
  let command = program
  let option: Option | undefined
  for (const word of words) {
    if (option !== undefined) option = undefined
    else if (word.startsWith('-'))
      option = command.options.find((each) => [each.long, each.short].includes(word) && each.required)
    else command = (command.commands.find((inner) => inner.name() === word) as Command | undefined) ?? command
  }
  return { command, option }
}

/** The first clause of a description: shells show one line. */
function firstClause(text: string): string {
  return text.split(/[:;(]/)[0]!.trim()
}
