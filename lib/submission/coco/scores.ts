import { z } from 'zod'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import type { SubmissionScores } from '../types.js'

const schema = z.record(z.string(), z.record(z.string(), z.number()))

/**
 * Gives the score of a class in a picture, 1 where none are given.
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_DATA_FILE_INVALID`; so does the function, for one that is missing
 */
export async function scoreOf(
  scores: SubmissionScores | string | undefined,
): Promise<(name: string, classId: number) => number> {
  if (scores === undefined) return () => 1
  const table = typeof scores === 'string' ? await readScores(scores) : scores
  const file = typeof scores === 'string' ? scores : undefined
  return (name, classId) => {
    const score = table[name]?.[String(classId)]
    if (typeof score === 'number' && Number.isFinite(score)) return score
    throw invalid(`There is no score of class ${classId} in ${name}`, file, score)
  }
}

async function readScores(file: string): Promise<SubmissionScores> {
  const bytes = await readBytes(file)
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw invalid(`The scores in ${file} are no JSON: ${(cause as Error).message}`, file, undefined, cause)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw invalid(
    `The scores in ${file} have a wrong ${path.join('.') || 'top level'}: ${message}`,
    file,
    undefined,
    parsed.error,
  )
}

function invalid(message: string, file: string | undefined, value: unknown, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `${message}.`,
    field: 'scores',
    file,
    value,
    expected: '{ "000000000139": { "1": 0.9 } }: a finite number for every class of every picture, by class id',
    cause,
  })
}
