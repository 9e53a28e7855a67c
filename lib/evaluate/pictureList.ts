import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'

/**
 * Names of pictures, one a line: ids, or file names of pictures or masks.
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; `SEMPLES_DATA_FILE_INVALID` where it names none
 */
export async function readPictureList(file: string): Promise<string[]> {
  const text = Buffer.from(await readBytes(file))
    .toString('utf8')
    .replace(/^\uFEFF/, '')
  const ids = text
    .split(/\r?\n/)
    .map((line) =>
      line
        .trim()
        .replaceAll('\\', '/')
        .replace(/\.(png|jpe?g|jfif|webp|tiff?|gif|avif)$/i, ''),
    )
    .filter((line) => line !== '')
  if (ids.length > 0) return ids
  throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The list ${file} names no picture.`,
    file,
    expected: 'a name a line, as 2007_000032',
  })
}
