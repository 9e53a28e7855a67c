import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import { requireFile } from '../../datasets/missingFile.js'
import { REVIEW_FILE } from './reviewFile.js'

/** A row of review.csv, as far as others use it. */
export interface ReviewRow {
  /** Path of the picture inside its folder. */
  picture: string
  /** Undefined for a picture without a label. */
  score: number | undefined
}

/**
 * The rows of a table of reviews, in its order.
 *
 * @param path the table, or the folder of the masks, which has it as review.csv
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_DATA_FILE_INVALID` naming the line
 */
export async function readReview(path: string): Promise<ReviewRow[]> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  const file = isFolder ? join(path, REVIEW_FILE) : path
  await requireFile(file, 'review of masks')
  const [header, ...records] = parsed(Buffer.from(await readBytes(file)).toString('utf8'), file)
  const column = (name: string): number => {
    const found = header?.indexOf(name) ?? -1
    if (found >= 0) return found
    throw invalid(file, `has no column "${name}" in its first line`, { value: header?.join(',') })
  }
  const [picture, score] = [column('picture'), column('score')]
  return records.map((record, index) => ({
    picture: record[picture]!,
    score: scoreOf(record[score]!, file, index + 2),
  }))
}

function scoreOf(cell: string, file: string, row: number): number | undefined {
  if (cell === '') return undefined
  const score = Number(cell)
  if (score >= 0 && score <= 1) return score
  throw invalid(file, `has a score that is none in row ${row}`, { value: cell, expected: '0 to 1, or an empty cell' })
}

function parsed(text: string, file: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true })
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw invalid(file, `is not a readable CSV: ${cause.message}`, { cause })
  }
}

function invalid(
  file: string,
  why: string,
  details: { value?: unknown; expected?: string; cause?: unknown },
): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The review ${file} ${why}.`,
    file,
    field: 'review',
    hint: 'Give review.csv of "semples masks --review", or the folder that it is in.',
    ...details,
  })
}
