import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { writeClassTable } from '../../../lib/datasets/classes/classTableFile.js'
import { folder } from '../../../lib/datasets/folder.js'
import type { FolderData } from '../../../lib/datasets/kinds/folder.js'
import { writeNpy } from '../../../lib/formats/npy.js'
import { writeNpz } from '../../../lib/formats/npz.js'
import { readMask, writeMask } from '../../../lib/masks/png.js'
import { trainSemPLeS } from '../../../lib/runs/trainSemPLeS.js'
import { writeScenes } from '../../../lib/scenes/write.js'
import { writeShapes } from '../../runs/shapes.js'
import { tinyRun } from '../../runs/tiny.js'

const clip = fileURLToPath(new URL('../../../models/demo-clip.pt', import.meta.url))
const coco = fileURLToPath(new URL('../../fixtures/coco', import.meta.url))

const names = ['canal', 'ferry', 'harbour', 'island', 'lagoon', 'marina', 'quay', 'river', 'wharf'] as const
const labels = { bar: 'bird', disc: 'boat', square: 'person' } as const

/**
 * Writes what examples name, small: photos/ with labels.csv, their true masks in truth/, somewhat wrong ones in masks/
 * and maps in cams/, new-photos/, scores.npy, VOCdevkit/VOC2012, coco, and of the run runs/boats its classes.json.
 */
export async function writeWorld(root: string): Promise<void> {
  await writePhotos(root)
  for (const name of names.slice(0, 3))
    await cp(join(root, `photos/${name}.jpg`), join(root, `new-photos/${name}-2.jpg`))
  await writeNpy(join(root, 'scores.npy'), { dtype: 'float32', shape: [3, 4, 5], data: new Float32Array(60) })
  await writeScenes({ out: join(root, 'VOCdevkit/VOC2012'), train: 3, val: 2 })
  await cp(coco, join(root, 'coco'), { recursive: true })
  await mkdir(join(root, 'runs/boats'), { recursive: true })
  await writeClassTable(join(root, 'runs/boats/classes.json'), (await folder(photosIn(root))).classes)
}

/** Trains the run of a world, with a tiny generator of random weights. */
export async function trainRun(root: string): Promise<void> {
  const out = join(root, 'runs/boats')
  await rm(out, { recursive: true })
  await trainSemPLeS(tinyRun(photosIn(root), out, { clip, epochs: 1 }))
}

function photosIn(root: string): FolderData {
  return { folder: join(root, 'photos'), labels: join(root, 'labels.csv') }
}

async function writePhotos(root: string): Promise<void> {
  const drawn = join(root, 'drawn')
  const { folder: pictures, masks, labels: table = '' } = await writeShapes(drawn)
  for (const [index, file] of (await readdir(pictures)).sort().entries()) {
    const name = names[index]!
    await mkdir(join(root, 'photos'), { recursive: true })
    await sharp(join(pictures, file))
      .jpeg()
      .toFile(join(root, 'photos', `${name}.jpg`))
    const { data, ...size } = await readMask(join(masks, file))
    await writeMask(join(root, 'truth', `${name}.png`), { ...size, data })
    const wrong = data.map((id, pixel) => (pixel % 11 === 0 ? 0 : id))
    await writeMask(join(root, 'masks', `${name}.png`), { ...size, data: wrong })
    await mkdir(join(root, 'cams'), { recursive: true })
    await writeNpz(join(root, 'cams', `${name}.npz`), mapsOf(wrong, size))
  }
  let rows = await readFile(table, 'utf8')
  for (const [shape, label] of Object.entries(labels)) rows = rows.replaceAll(shape, label)
  rows = rows.replaceAll(/^p(\d+)\.png/gm, (_, index) => `${names[Number(index)]}.jpg`)
  await writeFile(join(root, 'labels.csv'), rows)
  await rm(drawn, { recursive: true })
}

/** One map a class, named by its id. */
function mapsOf(ids: Uint8Array, { width, height }: { width: number; height: number }) {
  const classes = [...new Set(ids)].filter((id) => id > 0).sort()
  return Object.fromEntries(
    classes.map((id) => {
      const data = Float32Array.from(ids, (other) => (other === id ? 0.9 : 0.1))
      return [String(id), { dtype: 'float32' as const, shape: [height, width], data }]
    }),
  )
}
