import path from 'node:path'
import { count } from '../base/count.js'
import { readBytes } from '../base/files.js'
import type { ClassTable } from './dataset.js'
import { jsonRows } from './labels/json.js'
import { checkLabelNames } from './labels/names.js'
import { labelsInvalid } from './labels/problem.js'
import type { LabelledFile, LabelRows } from './labels/rows.js'
import { tableRows } from './labels/table.js'
import { decodeText } from './labels/text.js'
import { isArrayFile, vectorRows } from './labels/vectors.js'
import { requireFile } from './missingFile.js'

export type { LabelledFile } from './labels/rows.js'

/** The image-level labels of a file. */
export interface LabelsFile {
  /** One a picture, in file order. */
  rows: LabelledFile[]
  /** Whether pictures have a row for each of their labels; such rows have been joined. */
  rowALabel: boolean
  /** What the file was taken for, in a line: `labels.txt: UTF-16, semicolons, header Image;Label, 391 pictures, 14 classes`. */
  described: string
  /** What is not used or looks like a mistake, one sentence each. */
  warnings: string[]
}

/**
 * Reads image-level labels; the only reader of such files. The form is told by the content:
 * - CSV with commas, tabs or semicolons: `file,labels`, with or without a header, several labels separated by `;` or `|`;
 *   or a row a label; or a column of 0 and 1 a class. An empty field means that the picture shows no object.
 * - JSON, `{ "boat1.jpg": ["boat", "person"] }`, `[{ "file": "boat1.jpg", "labels": ["boat"] }]`, or such objects as JSON lines.
 * - A pickled dictionary from names to vectors of 0 and 1 (`cls_labels.npy`), whose columns are the classes of the table.
 *
 * @param classes the class table, where it is known
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; `SEMPLES_DATA_FILE_INVALID` naming the file and the line or key; of pickles
 *   `SEMPLES_PICKLE_INVALID`, `SEMPLES_PICKLE_REFUSED`
 */
export async function readLabelsFile(file: string, classes?: ClassTable): Promise<LabelsFile> {
  await requireFile(file, 'labels file')
  const bytes = await readBytes(file)
  if (isSpreadsheet(bytes, file))
    throw labelsInvalid(file, 'is a spreadsheet', { hint: 'Save it as CSV ("CSV UTF-8") there.' })
  const isArrays = isArrayFile(bytes) || /\.(pkl|pickle)$/i.test(file)
  const {
    rows: found,
    form,
    warnings,
    several,
  } = isArrays ? await vectorRows(bytes, file, classes) : textRows(bytes, file, classes)
  const { rows, rowALabel } = joined(found.map(cleaned), file)
  if (rows.length === 0) throw labelsInvalid(file, 'labels no picture')
  const names = checkLabelNames(rows, file, several, classes)
  const labels = new Set(rows.flatMap((row) => row.labels)).size
  const parts = [...form, ...(rowALabel ? ['a row a label'] : []), count(rows.length, 'picture'), classesOf(labels)]
  return {
    rows,
    rowALabel,
    described: `${path.basename(file)}: ${parts.join(', ')}`,
    warnings: [...warnings, ...names],
  }
}

/** Excel and OpenDocument: archives that are told by their name, or the older kind that has a head of its own. */
function isSpreadsheet(bytes: Uint8Array, file: string): boolean {
  return /\.(xlsx|xlsm|xls|ods|numbers)$/i.test(file) || (bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11)
}

/** `1 class`, `20 classes`. */
export function classesOf(number: number): string {
  return `${number} class${number === 1 ? '' : 'es'}`
}

function textRows(bytes: Uint8Array, file: string, classes?: ClassTable): LabelRows {
  const { text, encoding } = decodeText(bytes, file)
  const isJson = /^\s*[{[]/.test(text) || /\.(json|jsonl|ndjson)$/i.test(file)
  const found = isJson ? jsonRows(text, file) : tableRows(text, file, classes)
  return { ...found, form: [...(encoding === undefined ? [] : [encoding]), ...found.form] }
}

function cleaned({ file, labels, line }: LabelledFile): LabelledFile {
  const names = labels.map((label) => label.trim()).filter((label) => label !== '')
  return { file: file.trim(), labels: [...new Set(names)], line }
}

/**
 * Rows of one picture become one where the file has a row a label.
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` where other rows name a picture twice
 */
function joined(rows: readonly LabelledFile[], file: string): { rows: LabelledFile[]; rowALabel: boolean } {
  const single = rows.every(({ labels }) => labels.length <= 1)
  const seen = new Map<string, LabelledFile>()
  for (const row of rows) {
    const earlier = seen.get(row.file)
    if (earlier === undefined) {
      seen.set(row.file, row)
      continue
    }
    if (!single || row.labels.length === 0 || earlier.labels.length === 0) {
      const where = row.line === undefined ? '' : ` (lines ${earlier.line} and ${row.line})`
      throw labelsInvalid(file, `names ${row.file} twice${where}`)
    }
    seen.set(row.file, { ...earlier, labels: [...new Set([...earlier.labels, ...row.labels])] })
  }
  return { rows: [...seen.values()], rowALabel: seen.size < rows.length }
}
