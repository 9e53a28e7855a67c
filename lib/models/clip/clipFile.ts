import { SemplesError } from '../../base/error.js'
import { readArchiveTexts } from './archive.js'
import { OTHER_CLIPS } from './plan.js'
import { clipRefused } from './source.js'

/** What was opened as a CLIP archive and is none: the error says what it is, where that is recognised. */
export async function clipError(cause: unknown, path: string): Promise<unknown> {
  if (!(cause instanceof SemplesError) || cause.code !== 'SEMPLES_CLIP_INVALID') return cause
  // The file that cannot be read is told by the error that there is.
  const texts = await readArchiveTexts(path).catch(() => undefined)
  const found = OTHER_CLIPS.find(({ modules }) => modules?.some((name) => texts?.structure.includes(name)))
  return found === undefined ? cause : clipRefused(path, found)
}
