import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'

/** A picture of an image set. */
export interface ListedImage {
  /** `2007_000032` */
  id: string
  /** Mask path inside the VOC folder, where the list gives one. */
  mask?: string
}

/**
 * Reads a list of pictures, one a line: an id (`2007_000032`), or the paths of picture and mask
 * (`/JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png`), as the lists of the augmented set have them.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_DATA_FILE_INVALID` naming the line
 */
export async function readImageList(file: string): Promise<ListedImage[]> {
  const lines = Buffer.from(await readBytes(file))
    .toString('utf8')
    .split(/\r?\n/)
  const images = new Map<string, ListedImage>()
  lines.forEach((text, i) => {
    const cells = text.trim().split(/\s+/)
    if (cells[0] === '') return
    const [picture, mask] = cells as [string, string?]
    const id = path.posix.basename(picture).replace(/\.(jpe?g|png)$/i, '')
    if (cells.length > 2 || !/^[\w.-]+$/.test(id) || (mask !== undefined && !isInside(mask))) {
      throw listInvalid(file, `has a wrong line ${i + 1}`, text)
    }
    if (images.has(id)) throw listInvalid(file, `names ${id} twice, again in line ${i + 1}`, text)
    images.set(id, mask === undefined ? { id } : { id, mask: mask.replace(/^\/+/, '') })
  })
  if (images.size === 0) throw listInvalid(file, 'names no picture', lines[0] ?? '')
  return [...images.values()]
}

function isInside(mask: string): boolean {
  return /\.png$/i.test(mask) && !mask.split('/').includes('..')
}

function listInvalid(file: string, why: string, value: string): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The list ${file} ${why}.`,
    file,
    value,
    expected: 'one id a line (2007_000032), or /JPEGImages/<id>.jpg /SegmentationClassAug/<id>.png',
  })
}
