import { open, readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import type { LabelMap } from './labelMap.js'

/**
 * Which way round the picture is that maps or a mask belong to: `applied`, as viewers show it, turned by its EXIF
 * orientation; `stored`, as its rows lie in the file. Pictures without an EXIF orientation are the same either way.
 */
export type Orientation = 'applied' | 'stored'

/** What our files say of themselves: a text chunk in a PNG, a comment in an .npz archive. */
const MARK = 'semples:exif='
const MARKED = /semples:exif=(applied|stored)/

/** Bytes at the beginning and at the end of a file where a mark can be. */
const [HEAD, TAIL] = [256, 65_536]

export function orientationMark(orientation: Orientation): string {
  return `${MARK}${orientation}`
}

/**
 * What a file of maps or a mask says about the picture it is for: itself, else the mask of that name beside it (a .npy
 * array has no room for it), else masks.json of its folder. Undefined for files of other programs.
 */
export async function statedOrientation(file: string): Promise<Orientation | undefined> {
  const stem = file.slice(0, file.length - extname(file).length)
  return (await markOf(file)) ?? (await markOf(`${stem}.png`)) ?? (await recordOf(dirname(file)))
}

async function markOf(file: string): Promise<Orientation | undefined> {
  if (!/\.(png|npz)$/i.test(file)) return undefined
  const handle = await open(file).catch(() => undefined)
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    const [length, at] = file.toLowerCase().endsWith('.png') ? [HEAD, 0] : [TAIL, Math.max(0, size - TAIL)]
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at)
    return MARKED.exec(buffer.toString('latin1', 0, bytesRead))?.[1] as Orientation | undefined
  } catch {
    // Whoever reads the file itself says what is wrong with it.
    return undefined
  } finally {
    await handle.close()
  }
}

async function recordOf(folder: string): Promise<Orientation | undefined> {
  try {
    const { orientation } = JSON.parse(await readFile(join(folder, 'masks.json'), 'utf8'))
    return orientation === 'applied' || orientation === 'stored' ? orientation : undefined
  } catch {
    return undefined
  }
}

/**
 * The mask of a picture as stored, turned into that of the picture as shown.
 * @param exif orientation of the picture, 1 to 8
 */
export function turnMask({ width, height, data }: LabelMap, exif: number): LabelMap {
  if (exif === 1) return { width, height, data }
  const swapped = exif >= 5
  const [w, h] = swapped ? [height, width] : [width, height]
  // Of the picture as shown, in terms of the one as stored: which of its axes run backwards.
  const backwardX = [2, 3, 7, 8].includes(exif)
  const backwardY = [3, 4, 6, 7].includes(exif)
  const turned = new Uint8Array(data.length)
  for (let y = 0, i = 0; y < h; y++)
    for (let x = 0; x < w; x++, i++) {
      const [column, row] = swapped ? [y, x] : [x, y]
      turned[i] = data[(backwardY ? height - 1 - row : row) * width + (backwardX ? width - 1 - column : column)]!
    }
  return { width: w, height: h, data: turned }
}
