import { listed } from '../../base/count.js'
import { knownLabels } from '../classes/builtIn.js'
import type { ClassTable } from '../dataset.js'
import type { Delimiter } from './delimiters.js'
import { type Header, isSameWord } from './header.js'
import { isFilled } from './oneHot.js'
import { labelsInvalid } from './problem.js'
import type { TableRecord } from './rows.js'

/** The rows of a table below its header. */
interface Table {
  names: readonly string[]
  rest: readonly TableRecord[]
  header: Header
  delimiter: Delimiter
  file: string
  /** The class table, where it is known. */
  classes?: ClassTable
}

/**
 * The columns whose cells are labels: those with one word over them (`label`, `label 2`, a second `label`), those with
 * another label word that hold names of the same classes, and columns without a name right behind them with such names,
 * as spreadsheets leave them for a second label.
 *
 * @returns `warnings`: columns that are not used
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for columns that may be labels and may be something else
 */
export function labelColumns(table: Table): { columns: number[]; warnings: string[] } {
  const { names, rest, header, file } = table
  const [first, ...more] = header.labels as [number, ...number[]]
  const known = knownNames(rest, first, table)
  const holdsNames = (column: number) => cellsOf(rest, column, table).some((cell) => known.has(cell))
  const doubtful = more.filter((column) => !isSameWord(names[column]!, names[first]!) && !holdsNames(column))
  const filled = header.labels.filter((column) => isFilled(rest, column))
  const mixed = filled.filter((column) => isNumbers(table, column) !== isNumbers(table, filled[0]!))
  if (doubtful.length + mixed.length > 0)
    throw labelsInvalid(file, `has several columns of labels: ${header.labels.map((at) => names[at]).join(', ')}`, {
      hint: 'If all of them hold labels of the picture, call them label 1, label 2 and so on; else call the others something else, such as note.',
    })
  const columns = [...header.labels]
  const unused: string[] = []
  names.forEach((name, column) => {
    if (name !== '' || column === header.file || !isFilled(rest, column)) return
    const behind = columns.includes(column - 1)
    // The numbers of rows, as pandas writes them.
    if (column === 0 && isNumbers(table, column)) return
    if (behind && holdsNames(column)) columns.push(column)
    else if (behind && !isNumbers(table, column)) throw nameless(table, column)
    else unused.push(`${column + 1}`)
  })
  return { columns, warnings: notUsed(table, unused, holdsNames) }
}

function notUsed(
  { names, header, file }: Table,
  nameless: string[],
  holdsNames: (column: number) => boolean,
): string[] {
  const unused = [...header.others.map((column) => names[column]!), ...nameless]
  if (unused.length === 0) return []
  const alike = header.others.find(holdsNames)
  const hint =
    alike === undefined ? '' : ` ${names[alike]} holds names of classes: if they are labels too, call it label 2.`
  return [
    `${file} has ${unused.length === 1 ? 'a column that is' : 'columns that are'} not used: ${listed(unused)}.${hint}`,
  ]
}

/** Names that are classes: in this column, in the class table, in VOC and COCO. */
export function knownNames(
  records: readonly TableRecord[],
  column: number,
  table: Pick<Table, 'delimiter' | 'classes'>,
): Set<string> {
  const own = table.classes?.classes.map(({ label }) => label) ?? []
  return new Set([...knownLabels, ...own, ...cellsOf(records, column, table)].filter((name) => !isNumber(name)))
}

/** The names in a column. */
export function cellsOf(
  records: readonly TableRecord[],
  column: number,
  { delimiter }: Pick<Table, 'delimiter'>,
): string[] {
  const names = records.flatMap(({ record }) => (record[column] ?? '').split(delimiter.labels))
  return names.map((name) => name.trim()).filter((name) => name !== '')
}

export function isNumber(cell: string): boolean {
  return /^-?\d+([.,]\d+)?$/.test(cell)
}

function isNumbers(table: Table, column: number): boolean {
  return cellsOf(table.rest, column, table).every(isNumber)
}

function nameless({ rest, delimiter, file }: Table, column: number): Error {
  const { record, line } = rest.find((row) => row.record[column] !== '')!
  const header = ['file', 'label 1', 'label 2'].join(delimiter.delimiter === '\t' ? ' ' : delimiter.delimiter)
  return labelsInvalid(file, `has no name over column ${column + 1}, which is not empty (line ${line})`, {
    value: record[column],
    hint: `If it holds further labels, write ${header} into the first line; else give it a name such as note.`,
  })
}
