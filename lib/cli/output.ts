import type { SemplesError } from '../base/error.js'
import { WARNING } from '../base/progress.js'
import type { AblationRow } from '../report/runReport.js'
import type { Terminal } from './terminal.js'

export { shellWord } from '../base/shell.js'

/** Prints a result as one line of JSON. Numbers that are not finite become null. */
export function printJson(terminal: Pick<Terminal, 'out'>, result: unknown): void {
  terminal.out(JSON.stringify(result, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
}

/** Warnings of a result as lines. */
export function warningLines(warnings: readonly string[]): string[] {
  return warnings.map((warning) => `${WARNING}${warning}`)
}

/** What could not be done with one file. */
interface Failure {
  name: string
  error: SemplesError
}

/** Most groups of failures, and most names in one. */
const MAX_LISTED = 10

/** The first of the failures that have one reason, whatever the numbers in it, with its message, then the names of the others. */
export function failureLines(failed: readonly Failure[]): string[] {
  const groups = new Map<string, Failure[]>()
  for (const failure of failed) {
    const { code, field, expected, hint } = failure.error
    const reason = [code, field, expected, hint].join('\n').replaceAll(/\d+(?:[ ,.x]+\d+)*/g, '0')
    groups.set(reason, [...(groups.get(reason) ?? []), failure])
  }
  const lines = [...groups.values()].flatMap(([first, ...others]) => {
    const names = others.slice(0, MAX_LISTED).map(({ name }) => name)
    const rest = others.length > names.length ? `, and ${others.length - names.length} more` : ''
    return [
      `${first!.name}: ${first!.error.message}`,
      ...(others.length === 0 ? [] : [`  the same: ${names.join(', ')}${rest}`]),
    ]
  })
  const most = 2 * MAX_LISTED
  return lines.length <= most ? lines : [...lines.slice(0, most), '... and other reasons; --json has them all']
}

/** A fraction in percent with two digits: `52.10`; `-` where there is no number. */
export function percent(fraction: number): string {
  return Number.isNaN(fraction) ? '-' : (100 * fraction).toFixed(2)
}

/** The row of how far a segmentation model that learned from masks is from one that learned from ground truth, where both are there. */
export function gapRows([own, bound]: readonly AblationRow[]): string[][] {
  return own === undefined || bound === undefined
    ? []
    : [['gap', percent(bound.miou - own.miou), '', 'what full supervision would add, in points']]
}

const NUMBER = /^-?[\d.]+$|^-$/

/** Rows as aligned columns, numbers right-aligned. The first row is the header. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const texts = rows.map((row) => row.map(String))
  const columns = texts[0]!.map((_, column) => texts.map((row) => row[column] ?? ''))
  const pad = columns.map(([header, ...cells]) => {
    const width = Math.max(...[header!, ...cells].map(({ length }) => length))
    const right = cells.length > 0 && cells.every((cell) => NUMBER.test(cell))
    return (cell: string) => (right ? cell.padStart(width) : cell.padEnd(width))
  })
  return texts.map((row) =>
    row
      .map((cell, column) => pad[column]!(cell))
      .join('  ')
      .trimEnd(),
  )
}

/** Breaks a text between words into lines of at most `width` characters; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ').filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
