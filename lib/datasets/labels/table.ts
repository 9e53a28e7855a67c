import { CsvError, parse } from 'csv-parse/sync'
import { isPictureName } from '../pictureNames.js'
import { headerOf } from './header.js'
import { isOneHot, oneHotRows } from './oneHot.js'
import { labelsInvalid } from './problem.js'
import type { LabelRows, TableRecord } from './rows.js'

/** What separates columns, with its name for people, and the labels in a cell of such a table. */
const DELIMITERS = [
  { delimiter: ',', name: 'commas', labels: /[;|]/ },
  { delimiter: '\t', name: 'tabs', labels: /[;|,]/ },
  { delimiter: ';', name: 'semicolons', labels: /[|,]/ },
] as const

type Delimiter = (typeof DELIMITERS)[number]

/**
 * Rows of a CSV with commas, tabs or semicolons: `file,labels`, other columns beside these, or a column of 0 and 1 for
 * each class.
 *
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` naming the line
 */
export function tableRows(text: string, file: string): LabelRows {
  // The first line that Excel takes the delimiter from.
  const told = /^sep=(.)\r?\n/i.exec(text)
  const content = told === null ? text : `\n${text.slice(told[0].length)}`
  const delimiter = DELIMITERS.find((each) => each.delimiter === told?.[1]) ?? delimiterOf(content)
  const records = parsed(content, file, delimiter.delimiter)
  const form = delimiter.name === 'commas' ? [] : [delimiter.name]
  const [first, ...rest] = records
  const words = first && headerOf(first.record)
  const isCertain = words !== undefined && (!words.unnamed || words.labels.length > 0 || isOneHot(rest, words.others))
  const header = isCertain ? words : undefined
  if (first === undefined || header === undefined) {
    return {
      rows: records.map((record) => pairOf(record, file, delimiter)),
      form: [...form, 'no header'],
      warnings: [],
    }
  }
  const names = first.record
  const shown = names.length > 4 ? [...names.slice(0, 3), '…'] : names
  const described = [...form, `header ${shown.join(delimiter.delimiter === '\t' ? ' ' : delimiter.delimiter)}`]
  for (const { record, line } of rest)
    if (record.length !== names.length)
      throw labelsInvalid(
        file,
        `has ${columns(record.length)} in line ${line} (${JSON.stringify(record.join(delimiter.delimiter))}), and ${columns(names.length)} in its header`,
      )
  const [labels, ...more] = header.labels
  if (more.length > 0) {
    const found = header.labels.map((column) => names[column])
    throw labelsInvalid(file, `has several columns of labels: ${found.join(', ')}`, { hint: 'Leave one of them.' })
  }
  if (labels === undefined) {
    if (isOneHot(rest, header.others))
      return { ...oneHotRows(names, rest, header, file), form: [...described, 'a column of 0 and 1 a class'] }
    throw notLabels(names, first.line, file)
  }
  const rows = rest.map(({ record, line }) => {
    const name = record[header.file]!
    if (name === '') throw labelsInvalid(file, `has no file name in line ${line}`)
    return { file: name, labels: record[labels]!.split(delimiter.labels), line }
  })
  return {
    rows,
    form: described,
    warnings: unused(
      header.others.map((column) => names[column]!),
      file,
    ),
  }
}

/** Which delimiter makes the first row a header, or the name of a picture and more. */
function delimiterOf(text: string): Delimiter {
  const split = DELIMITERS.map((each) => ({ each, cells: firstRecord(text, each.delimiter) })).filter(
    ({ cells }) => cells.length > 1,
  )
  const best =
    split.find(({ cells }) => (headerOf(cells)?.labels.length ?? 0) > 0) ??
    split.find(({ cells }) => headerOf(cells) !== undefined) ??
    split.find(({ cells }) => isPictureName(cells[0]!)) ??
    split[0]
  return best?.each ?? DELIMITERS[0]
}

function firstRecord(text: string, delimiter: string): string[] {
  try {
    return parse(text, { ...OPTIONS, delimiter, to: 1 })[0]?.map(String) ?? []
  } catch {
    // Quotes of another delimiter.
    return []
  }
}

/** A row of a table without header. */
function pairOf({ record, line }: TableRecord, file: string, { delimiter, labels: separator }: Delimiter) {
  const [name, labels] = record
  if (record.length === 2 && name !== undefined && name !== '' && labels !== undefined)
    return { file: name, labels: labels.split(separator), line }
  const seen = record.length === 2 ? 'no file name' : columns(record.length)
  const numbers = record.length > 2 && record.slice(1).every((cell) => /^[01](\.0*)?$/.test(cell))
  throw labelsInvalid(
    file,
    `has ${seen} in line ${line} (${JSON.stringify(record.join(delimiter))})`,
    numbers ? { hint: 'Columns of 0 and 1 need a header with the names of the classes: file,boat,person.' } : {},
  )
}

function notLabels(names: readonly string[], line: number, file: string): Error {
  return labelsInvalid(file, `has a line ${line} that looks like a header (${names.slice(0, 6).join(', ')})`, {
    expected: 'file,labels; or file and the name of a class over each column of 0 and 1',
  })
}

function unused(names: readonly string[], file: string): string[] {
  if (names.length === 0) return []
  return [`Of ${file} the columns ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''} are not used.`]
}

function columns(count: number): string {
  return `${count} column${count === 1 ? '' : 's'}`
}

const OPTIONS = { trim: true, skip_empty_lines: true, relax_column_count: true } as const

function parsed(text: string, file: string, delimiter: string): TableRecord[] {
  try {
    // With `info` the parser gives each record with its position, which its types do not know.
    const found: unknown = parse(text, { ...OPTIONS, info: true, delimiter })
    return (found as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      record,
      line: info.lines,
    }))
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw labelsInvalid(file, `is not a readable CSV: ${cause.message}`, { cause })
  }
}
