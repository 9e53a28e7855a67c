import type { Header } from './header.js'
import { labelsInvalid } from './problem.js'
import type { LabelRows, TableRecord } from './rows.js'

const VALUES: Readonly<Record<string, boolean>> = {
  '1': true,
  '1.0': true,
  true: true,
  '0': false,
  '0.0': false,
  false: false,
  '': false,
}

/** Whether any row has something in a column. */
export function isFilled(records: readonly TableRecord[], column: number): boolean {
  return records.some(({ record }) => record[column] !== '')
}

/** Whether the cells of columns are numbers or truth values, as where each column is a class. */
export function isOneHot(records: readonly TableRecord[], columns: readonly number[]): boolean {
  if (records.length === 0 || columns.length === 0) return false
  return records.every(({ record }) =>
    columns.every((column) => /^(-?\d+(\.\d+)?|true|false|)$/i.test(record[column]!)),
  )
}

/**
 * Rows of a table with a column of 0 and 1 a class.
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for any other number, naming line and column
 */
export function oneHotRows(
  names: readonly string[],
  records: readonly TableRecord[],
  { file: pictures, others }: Header,
  file: string,
): Omit<LabelRows, 'form'> {
  const twice = others.find((column) => others.some((other) => other < column && names[other] === names[column]))
  if (twice !== undefined) throw labelsInvalid(file, `has two columns ${names[twice]}`)
  const nameless = names.findIndex((name, column) => name === '' && column !== pictures && isFilled(records, column))
  if (nameless > 0) throw labelsInvalid(file, `has no name over column ${nameless + 1}, which is not empty`)
  const rows = records.map(({ record, line }) => {
    if (record[pictures] === '') throw labelsInvalid(file, `has no file name in line ${line}`)
    const labels = others.filter((column) => {
      const value = VALUES[record[column]!.toLowerCase()]
      if (value === undefined)
        throw labelsInvalid(file, `has another number than 0 and 1 in line ${line}, column ${names[column]}`, {
          value: record[column],
          expected: '1 where the picture shows the class, else 0',
          hint: 'Write 0 and 1 alone.',
        })
      return value
    })
    return { file: record[pictures]!, labels: labels.map((column) => names[column]!), line }
  })
  return { rows, warnings: [] }
}
