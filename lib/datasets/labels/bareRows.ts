import type { ClassTable } from '../dataset.js'
import type { Delimiter } from './delimiters.js'
import { cellsOf, isNumber, knownNames } from './labelColumns.js'
import { labelsInvalid } from './problem.js'
import type { LabelledFile, LabelRows, TableRecord } from './rows.js'

/**
 * Rows of a table without header: the picture, then its labels, in one column or in several.
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` naming the line
 */
export function bareRows(
  records: readonly TableRecord[],
  delimiter: Delimiter,
  file: string,
  classes?: ClassTable,
): LabelRows {
  const known = knownNames(records, 1, { delimiter, classes })
  const width = Math.max(...records.map(({ record }) => record.length), 0)
  const further = Array.from({ length: Math.max(0, width - 2) }, (_, i) => i + 2)
  const isNames = further.every((column) => {
    const names = cellsOf(records, column, { delimiter })
    return names.length === 0 || names.some((name) => known.has(name))
  })
  const rows = records.map((record) => rowOf(record, file, delimiter, isNames))
  const filled = further.filter((column) => cellsOf(records, column, { delimiter }).length > 0).length
  return { rows, form: filled > 0 ? [`labels in ${filled + 1} columns`] : [], warnings: [] }
}

function rowOf({ record, line }: TableRecord, file: string, delimiter: Delimiter, isNames: boolean): LabelledFile {
  const [name, ...cells] = record
  const labels = cells.flatMap((cell) => cell.split(delimiter.labels))
  // Numbers beside names are something else; those of one column may be names.
  const isLabels = cells.length === 1 || (cells.length > 1 && isNames && !labels.some(isNumber))
  if (isLabels && name !== undefined && name !== '') return { file: name, labels, line }
  const seen = isLabels ? 'no file name' : columns(record.length)
  const numbers = cells.length > 1 && cells.every((cell) => /^[01](\.0*)?$/.test(cell))
  const hint = numbers
    ? 'Columns of 0 and 1 need a header with the names of the classes: file,boat,person.'
    : cells.length > 1
      ? joinHint(delimiter)
      : undefined
  throw labelsInvalid(
    file,
    `has ${seen} in line ${line} (${JSON.stringify(record.join(delimiter.delimiter))})`,
    hint === undefined ? {} : { hint },
  )
}

/** What to do about labels in columns that are not told to be labels. */
export function joinHint({ several, example, delimiter }: Delimiter): string {
  const header = ['file', 'label 1', 'label 2'].join(delimiter === '\t' ? ' ' : delimiter)
  return `Write the labels of a picture into one cell, ${several} (${example}), or name a column for each in the first line: ${header}.`
}

/** `1 column`, `3 columns`. */
export function columns(count: number): string {
  return `${count} column${count === 1 ? '' : 's'}`
}
