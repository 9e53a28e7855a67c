import type { Inspection } from '../runs/inspect/types.js'
import { wrap } from './output.js'
import { styles, type Terminal } from './terminal.js'
import { commandLineWords } from './wording.js'

/** What `semples inspect` found of one file, as lines. */
export function describeInspection(
  { path, what, facts, notes, next, refused, weights }: Inspection,
  { colorOut, width }: Pick<Terminal, 'colorOut' | 'width'>,
  all: { tensors?: boolean } = {},
): string[] {
  const { bold, yellow, red, dim } = styles(colorOut)
  const columns = Math.min(width ?? 100, 100)
  const names = Math.max(0, ...facts.map(({ name }) => name.length)) + 2
  const indent = ' '.repeat(names + 2)
  const told = (mark: string, text: string, after: string[] = []) => [
    ...wrap(text, columns - 2).map((line, index) => `${index === 0 ? mark : ' '} ${line}`),
    ...after.flatMap((each) => wrap(each, columns - 2)).map((line) => `  ${dim(line)}`),
  ]
  const tensors = all.tensors === true ? (weights?.tensors ?? []) : []
  return [
    bold(`${path} is ${what}`),
    ...facts.flatMap(({ name, text }) =>
      wrap(text, columns - names - 2).map((line, index) =>
        index === 0 ? `  ${name.padEnd(names)}${line}` : indent + line,
      ),
    ),
    ...notes.flatMap((note) => told(yellow('!'), sentence(commandLineWords(note)))),
    ...(refused
      ? told(red('x'), commandLineWords(refused.message), refused.hint ? [commandLineWords(refused.hint)] : [])
      : []),
    ...tensors.map(({ name, dtype, shape }) => `  ${name}  ${dtype} [${shape.join(', ')}]`),
    ...(next ? [...wrap(next.text, columns), ...next.commands.map((command) => `  ${bold(command)}`)] : []),
  ]
}

/** Notes of progress begin with a small letter. */
function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(start) ? start : `${start}.`
}
