import path from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import { z } from 'zod'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'

/** One picture of a labels file. */
export interface LabelledFile {
  /** As the labels file spells it. */
  file: string
  /** Without repetition, in file order; empty means no object. */
  labels: string[]
  /** Line of a CSV, for messages. */
  line?: number
}

const labelsSchema = z.array(z.string())
const recordSchema = z.record(z.string(), labelsSchema)
const rowsSchema = z.array(z.strictObject({ file: z.string().min(1), labels: labelsSchema }))

/**
 * Reads image-level labels. Two forms, told apart by their first character:
 * - CSV, comma-separated, with an optional header row `file,labels`; labels are separated by `;` or `|`
 *   (`boat1.jpg,boat;person`), quotes as in RFC 4180; an empty field means that the picture shows no object.
 * - JSON, `{ "boat1.jpg": ["boat", "person"] }` or `[{ "file": "boat1.jpg", "labels": ["boat"] }]`.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; `SEMPLES_DATA_FILE_INVALID` naming the file and the line or key
 */
export async function readLabelsFile(file: string): Promise<LabelledFile[]> {
  const bytes = Buffer.from(await readBytes(file))
  if (bytes.includes(0)) throw neither(file)
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  const isJson = /^\s*[{[]/.test(text) || path.extname(file).toLowerCase() === '.json'
  const rows = (isJson ? jsonRows(text, file) : csvRows(text, file)).map(({ file: name, labels, line }) => ({
    file: name.trim(),
    labels: [...new Set(labels.map((label) => label.trim()).filter((label) => label !== ''))],
    line,
  }))
  if (rows.length === 0) throw invalid(file, 'labels no picture')
  refuseDuplicates(rows, file)
  return rows
}

function jsonRows(text: string, file: string): LabelledFile[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw invalid(file, `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
  const parsed = Array.isArray(json) ? rowsSchema.safeParse(json) : recordSchema.safeParse(json)
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!
    throw invalid(file, `has a wrong entry${at.length === 0 ? '' : ` at ${at.join('.')}`}: ${message}`)
  }
  if (Array.isArray(parsed.data)) return parsed.data
  return Object.entries(parsed.data).map(([name, labels]) => ({ file: name, labels }))
}

function csvRows(text: string, file: string): LabelledFile[] {
  const records = csvRecords(text, file)
  const [first] = records
  const header = first?.record.map((cell) => cell.toLowerCase())
  if (header !== undefined && header[0] === 'file' && header[1] === 'labels') records.shift()
  return records.map(({ record, line }) => {
    const [name, labels] = record
    if (record.length !== 2 || name === undefined || labels === undefined || name === '') {
      const seen = record.length === 2 ? 'no file name' : `${record.length} column${record.length === 1 ? '' : 's'}`
      throw invalid(file, `has ${seen} in line ${line} (${JSON.stringify(record.join(','))})`)
    }
    return { file: name, labels: labels.split(/[;|]/), line }
  })
}

function csvRecords(text: string, file: string): { record: string[]; line: number }[] {
  try {
    // With `info` the parser gives each record with its position, which its types do not know.
    const options = { info: true, trim: true, skip_empty_lines: true, relax_column_count: true } as const
    const parsed: unknown = parse(text, options)
    return (parsed as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      record,
      line: info.lines,
    }))
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw invalid(file, `is not a readable CSV: ${cause.message}`, cause)
  }
}

function refuseDuplicates(rows: readonly LabelledFile[], file: string): void {
  const seen = new Map<string, LabelledFile>()
  for (const row of rows) {
    const earlier = seen.get(row.file)
    if (earlier !== undefined) {
      const where = row.line === undefined ? '' : ` (lines ${earlier.line} and ${row.line})`
      throw invalid(file, `names ${row.file} twice${where}`)
    }
    seen.set(row.file, row)
  }
}

function neither(file: string): SemplesError {
  return invalid(file, 'is neither CSV nor JSON')
}

function invalid(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The labels file ${file} ${why}.`,
    file,
    hint: 'Write a CSV with the header file,labels and rows such as boat1.jpg,boat;person, or a JSON object { "boat1.jpg": ["boat", "person"] }.',
    cause,
  })
}
