import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { writeMask } from '../../lib/masks/png.js'

/** Classes of the drawn pictures in the order of their ids, 1 to 3. */
export const shapeClasses = ['bar', 'disc', 'square'] as const

export interface ShapesOptions {
  /** Pictures. Default 9. */
  count?: number
  width?: number
  height?: number
  /** Draws other pictures. Default 0. */
  seed?: number
}

/**
 * Draws coloured shapes on noise into `pictures/`, their labels into `labels.csv` and their masks into `masks/`:
 * picture i shows class i mod 3, and every third picture the next class too.
 */
export async function writeShapes(root: string, options: ShapesOptions = {}): Promise<FolderData & { masks: string }> {
  const { count = 9, width = 48, height = 40, seed = 0 } = options
  const rows: string[] = []
  await mkdir(join(root, 'pictures'), { recursive: true })
  for (let index = 0; index < count; index++) {
    const present = index % 3 === 2 ? [index % 3, (index + 1) % 3] : [index % 3]
    const { pixels, ids } = draw(width, height, present, seed * 1000 + index)
    const name = `p${String(index).padStart(2, '0')}`
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(root, 'pictures', `${name}.png`))
    await writeMask(join(root, 'masks', `${name}.png`), { width, height, data: ids })
    rows.push(`${name}.png,${present.map((at) => shapeClasses[at]).join(';')}`)
  }
  await writeFile(join(root, 'labels.csv'), `file,labels\n${rows.join('\n')}\n`)
  return { folder: join(root, 'pictures'), labels: join(root, 'labels.csv'), masks: join(root, 'masks') }
}

/** Pictures by file name, each with its labels as a labels file has them (`bar;disc`). */
export type LabelledPictures = Record<string, [bytes: Uint8Array, labels: string]>

/** Writes pictures and their labels file. */
export async function writePictures(root: string, files: LabelledPictures): Promise<FolderData> {
  await mkdir(join(root, 'pictures'), { recursive: true })
  const rows = Object.entries(files).map(([name, [, labels]]) => `${name},${labels}\n`)
  for (const [name, [bytes]] of Object.entries(files)) await writeFile(join(root, 'pictures', name), bytes)
  await writeFile(join(root, 'labels.csv'), rows.join(''))
  return { folder: join(root, 'pictures'), labels: join(root, 'labels.csv') }
}

const COLOURS = [
  [40, 200, 60],
  [220, 40, 40],
  [50, 70, 230],
] as const

function draw(width: number, height: number, present: readonly number[], seed: number) {
  const pixels = new Uint8Array(width * height * 3)
  const ids = new Uint8Array(width * height)
  let state = (seed * 2654435761 + 12345) >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  }
  for (let at = 0; at < pixels.length; at++) pixels[at] = 90 + (next() >> 3)
  present.forEach((shape, place) => {
    const radius = Math.min(width, height) / 5
    const centreX = ((place + 1) * width) / (present.length + 1) + (next() - 128) / 40
    const centreY = height / 2 + (next() - 128) / 20
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!covers(shape, (x - centreX) / radius, (y - centreY) / radius)) continue
        pixels.set(COLOURS[shape], (y * width + x) * 3)
        ids[y * width + x] = shape + 1
      }
    }
  })
  return { pixels, ids }
}

function covers(shape: number, x: number, y: number): boolean {
  if (shape === 0) return Math.abs(x) < 1.6 && Math.abs(y) < 0.4
  return shape === 1 ? x * x + y * y < 1 : Math.max(Math.abs(x), Math.abs(y)) < 0.9
}
