import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import type { DatasetItem } from '../dataset.js'

/** The path of a picture inside its folder, from which `folder` makes the same id again. */
export function pictureFile({ id, image }: DatasetItem): string {
  // Where two pictures differ in the extension alone, ids have it already.
  return path.posix.basename(id) === path.basename(image) ? id : `${id}${path.extname(image)}`
}

/**
 * A row of labels.csv.
 * @throws SemplesError `SEMPLES_NAME_INVALID` for what would be read back as something else
 */
export function csvRow(file: string, labels: readonly string[]): string {
  refuse('file name', file, file.trim() !== file)
  for (const label of labels) refuse('label', label, /[;|]/.test(label) || label.trim() !== label)
  return csvLine([file, labels.join(';')])
}

/** @throws SemplesError `SEMPLES_NAME_INVALID` for an id that leads out of the folder */
export function insideOf(folder: string, file: string): string {
  const target = path.resolve(folder, file)
  refuse('picture', file, !target.startsWith(folder + path.sep))
  return target
}

/** A line of any table, with quotes where a cell needs them (RFC 4180). */
export function csvLine(cells: readonly string[]): string {
  return cells.map(quoted).join(',')
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

function refuse(what: string, value: string, wrong: boolean): void {
  if (!wrong) return
  throw new SemplesError('SEMPLES_NAME_INVALID', {
    message: `The ${what} cannot be written into a folder with a labels file.`,
    value,
    expected: 'no blanks at the ends, in labels neither ; nor |, and paths inside the folder',
    hint: 'Rename it in the data set that is read.',
  })
}
