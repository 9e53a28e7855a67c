import { readdir } from 'node:fs/promises'
import { SemplesError } from '../base/error.js'
import { walkFolder } from './folder/walk.js'

export { isPictureName } from './pictureNames.js'

/** Names in a folder, or undefined where there is no such folder. */
export async function folderNames(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder)
  } catch {
    return undefined
  }
}

/**
 * All files in a folder and the folders within it, as sorted paths inside it with `/`; see `walkFolder`.
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`
 */
export async function filesWithin(folder: string): Promise<string[]> {
  return (await walkFolder(folder)).files
}

/**
 * The error for pictures that a list or labels file names and the folder lacks.
 *
 * @param missing what the list calls them; with `line` where known
 */
export function missingPictures(
  list: string,
  folder: string,
  missing: readonly { name: string; line?: number }[],
  total: number,
  hint = 'Check the folder, the spelling and the extension (upper and lower case differ).',
): SemplesError {
  const named = missing.slice(0, 3).map(({ name, line }) => (line === undefined ? name : `${name} (line ${line})`))
  const rest = missing.length > named.length ? ', ...' : ''
  return new SemplesError('SEMPLES_PICTURE_MISSING', {
    message: `${missing.length} of the ${total} pictures that ${list} names ${missing.length === 1 ? 'is' : 'are'} not in ${folder}: ${named.join(', ')}${rest}.`,
    file: list,
    hint,
  })
}
