import { CsvError, parse } from 'csv-parse/sync'
import type { ClassTable } from '../dataset.js'
import { isPictureName } from '../pictureNames.js'
import { bareRows, columns, joinHint } from './bareRows.js'
import { DELIMITERS, type Delimiter } from './delimiters.js'
import { headerOf, isNumbered } from './header.js'
import { labelColumns } from './labelColumns.js'
import { isOneHot, oneHotRows } from './oneHot.js'
import { labelsInvalid } from './problem.js'
import type { LabelRows, TableRecord } from './rows.js'

/**
 * Rows of a CSV with commas, tabs or semicolons: `file,labels`, other columns beside these, or a column of 0 and 1 for
 * each class.
 *
 * @param classes the class table, where it is known
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` naming the line
 */
export function tableRows(text: string, file: string, classes?: ClassTable): LabelRows {
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
    const found = bareRows(records, delimiter, file, classes)
    return { ...found, form: [...form, 'no header', ...found.form], several: delimiter.several }
  }
  const names = first.record
  const shown = names.length > 4 ? [...names.slice(0, 3), '…'] : names
  const described = [...form, `header ${shown.join(delimiter.delimiter === '\t' ? ' ' : delimiter.delimiter)}`]
  for (const { record, line } of rest)
    if (record.length !== names.length)
      throw labelsInvalid(
        file,
        `has ${columns(record.length)} in line ${line} (${JSON.stringify(record.join(delimiter.delimiter))}), and ${columns(names.length)} in its header`,
        record.length > names.length ? { hint: joinHint(delimiter) } : {},
      )
  // `class1`, `class2` over 0 and 1 are names of classes.
  const all = [...header.labels, ...header.others].sort((a, b) => a - b)
  const named = header.labels.every((column) => isNumbered(names[column]!))
  if (named && isOneHot(rest, all))
    return {
      ...oneHotRows(names, rest, { ...header, others: all }, file),
      form: [...described, 'a column of 0 and 1 a class'],
    }
  if (header.labels.length === 0) throw notLabels(names, first.line, file)
  const taken = labelColumns({ names, rest, header, delimiter, file, classes })
  const rows = rest.map(({ record, line }) => {
    const name = record[header.file]!
    if (name === '') throw labelsInvalid(file, `has no file name in line ${line}`)
    return { file: name, labels: taken.columns.flatMap((column) => record[column]!.split(delimiter.labels)), line }
  })
  const many = taken.columns.length > 1 ? [`labels in ${taken.columns.length} columns`] : []
  return { rows, form: [...described, ...many], warnings: taken.warnings, several: delimiter.several }
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

function notLabels(names: readonly string[], line: number, file: string): Error {
  return labelsInvalid(
    file,
    `has in line ${line} what looks like a header without a column of labels (${names.slice(0, 6).join(', ')})`,
    {
      expected: 'file,labels; or file and the name of a class over each column of 0 and 1',
    },
  )
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
