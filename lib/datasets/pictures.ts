import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../base/error.js'

/** Names in a folder, or undefined where there is no such folder. */
export async function folderNames(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder)
  } catch {
    return undefined
  }
}

const PICTURE_EXTENSIONS: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.tif',
  '.tiff',
  '.gif',
  '.avif',
])

/** Whether a file name has the extension of a picture that can be opened. */
export function isPictureName(name: string): boolean {
  return PICTURE_EXTENSIONS.has(path.extname(name).toLowerCase())
}

/**
 * All files in a folder and the folders within it, as sorted paths inside it with `/`. Hidden ones (`.name`) and
 * `except` (an absolute path) are left out; links to files count as files, links to folders within are not followed.
 */
export async function filesWithin(folder: string, except?: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files: string[] = []
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name)
    const inside = path.relative(folder, file).split(path.sep)
    const excepted = except !== undefined && (file === except || file.startsWith(except + path.sep))
    if (excepted || inside.some((part) => part.startsWith('.'))) continue
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(file)))) files.push(inside.join('/'))
  }
  return files.sort()
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  )
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
): SemplesError {
  const named = missing.slice(0, 3).map(({ name, line }) => (line === undefined ? name : `${name} (line ${line})`))
  const rest = missing.length > named.length ? ', ...' : ''
  return new SemplesError('SEMPLES_PICTURE_MISSING', {
    message: `${missing.length} of the ${total} pictures that ${list} names are not in ${folder}: ${named.join(', ')}${rest}.`,
    file: list,
    hint: 'Check the folder, the spelling and the extension (upper and lower case differ).',
  })
}
