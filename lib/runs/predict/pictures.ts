import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { basename, extname, relative, resolve } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import { mapOrdered } from '../../base/mapOrdered.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { picturesWithin } from '../../datasets/folder/picturesWithin.js'
import type { DataSpec } from '../../datasets/kinds.js'
import { hasSplits, openUnlabelled, requireSplits } from '../../datasets/open.js'
import { stemOf } from '../../datasets/pictureNames.js'
import { decodeImage } from '../../pictures/decode.js'
import { pictureSides } from '../../pictures/exif.js'

export interface PictureFile {
  /** Names the mask, `<id>.png`; may contain `/` for folders in folders. */
  id: string
  /** Absolute path. */
  image: string
}

export interface PictureSet {
  /** For people: `folder photos`. */
  name: string
  items: PictureFile[]
  /** `exif`: as viewers show the picture. */
  orientation: 'exif' | 'stored'
  split?: 'train' | 'val'
  warnings: readonly string[]
}

/** Files and folders, or a data set. */
export type Pictures = string | readonly string[] | DataSpec

/**
 * The pictures that are meant, each with the name of its mask: a file's own name, of a folder the path within it.
 *
 * @param split of a data set that has several. Default `val`
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_NO_PICTURES`, `SEMPLES_IMAGE_UNREADABLE` for a mask among files,
 *   `SEMPLES_NAME_INVALID` for two pictures whose masks would have one name, and what opening data throws
 */
export async function openPictures(
  pictures: Pictures,
  split: 'train' | 'val' | undefined,
  classes: ClassTable,
): Promise<PictureSet> {
  if (typeof pictures === 'object' && !isList(pictures)) {
    requireSplits(pictures, split)
    const dataset = await openUnlabelled(pictures, split ?? 'val', classes)
    const { name, orientation, warnings = [] } = dataset
    const items = dataset.items.map(({ id, image }) => ({ id, image }))
    return { name, items, orientation, warnings, ...(hasSplits(pictures) ? { split: split ?? 'val' } : {}) }
  }
  if (split !== undefined)
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: 'Files and folders of pictures have no split.',
      field: 'split',
      value: split,
      hint: 'Name the data set that has it: pictures: { voc2012: DIR } (--data DIR), or leave split out.',
    })
  const paths = isList(pictures) ? pictures : [pictures]
  const items: PictureFile[] = []
  const warnings: string[] = []
  for (const path of paths) {
    const found = await picturesAt(path, classes)
    items.push(...found.items)
    warnings.push(...found.warnings)
  }
  if (items.length === 0) throw noPictures(paths, warnings)
  const name = paths.length === 1 ? paths[0]! : `${paths.length} files and folders`
  return { name, items: distinct(items), orientation: 'exif', warnings }
}

function isList(pictures: Pictures): pictures is readonly string[] {
  return Array.isArray(pictures)
}

async function picturesAt(
  path: string,
  classes: ClassTable,
): Promise<{ items: PictureFile[]; warnings: readonly string[] }> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `There is no picture and no folder ${path}.`,
      file: path,
      hint: 'Check the spelling; relative paths start at the working directory.',
      cause,
    })
  })
  const absolute = resolve(path)
  if (!status.isDirectory()) {
    await refuseMask(path)
    // Before a folder is made for its mask.
    if ((await pictureSides(path)) === undefined) await decodeImage(path)
    return { items: [{ id: basename(path, extname(path)), image: absolute }], warnings: [] }
  }
  const { pictures, warnings } = await picturesWithin(absolute, classes)
  const stems = pictures.map(({ file }) => stemOf(file))
  const twice = repeated(stems)
  // As in every folder of pictures: a.jpg beside a.png keep their extensions.
  const idOf = (file: string) => (twice.has(stemOf(file)) ? file : stemOf(file))
  return { items: pictures.map(({ file, image }) => ({ id: idOf(file), image })), warnings }
}

function repeated(names: readonly string[]): Set<string> {
  const seen = new Set<string>()
  return new Set(names.filter((name) => seen.size === seen.add(name).size))
}

function noPictures(paths: readonly string[], warnings: readonly string[]): SemplesError {
  return new SemplesError('SEMPLES_NO_PICTURES', {
    message: paths.length === 0 ? 'No picture was named.' : `There is no picture in ${paths.join(', ')}.`,
    ...(paths.length === 1 ? { file: paths[0] } : {}),
    hint: [...warnings, 'Name pictures, or folders of them (JPEG, PNG, WebP, TIFF, GIF or AVIF).'].join(' '),
  })
}

/** Each file once. */
function distinct(items: readonly PictureFile[]): PictureFile[] {
  const byId = new Map<string, PictureFile>()
  for (const item of items) {
    // Some disks do not tell upper from lower case.
    const key = item.id.normalize().toLowerCase()
    const other = byId.get(key)
    if (other === undefined) byId.set(key, item)
    else if (other.image !== item.image) throw sameName(other, item)
  }
  return [...byId.values()]
}

function sameName(one: PictureFile, other: PictureFile): SemplesError {
  const shown = (path: string) => relative(process.cwd(), path) || path
  return new SemplesError('SEMPLES_NAME_INVALID', {
    message: `Two pictures would have the same mask, ${one.id}.png: ${shown(one.image)} and ${shown(other.image)}.`,
    file: other.image,
    hint: 'Name the folder that holds both, whose masks have their paths; or make them in two calls with folders of their own (out, --out); or rename one.',
  })
}

/** The first colours of VOC's palette as they stand in a PNG, behind the name of their part. */
const VOC_PALETTE = Buffer.concat([Buffer.from('PLTE'), Buffer.from([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])])

/** @throws SemplesError for what is certainly a mask: a PNG of ours that says so, or one with VOC's palette */
async function refuseMask(path: string): Promise<void> {
  if (extname(path).toLowerCase() !== '.png') return
  const head = Buffer.alloc(2048)
  const handle = await open(path).catch(() => undefined)
  // Whoever reads it says what is wrong.
  if (handle === undefined) return
  await handle.read(head, 0, head.length, 0).finally(() => handle.close())
  if (!head.includes('semples:') && !head.includes(VOC_PALETTE)) return
  throw new SemplesError('SEMPLES_IMAGE_UNREADABLE', {
    message: `${path} is a mask, not a picture.`,
    file: path,
    hint: 'Name the picture. What a mask holds is told by: npx semples inspect FILE',
  })
}

/** Files read at a time. */
const AT_ONCE = 8

/** sha256 of every file, by id: an empty one for a file that cannot be read, of which is told when it is its turn. */
export async function contentsOf(items: readonly PictureFile[], signal?: AbortSignal): Promise<Map<string, string>> {
  const hash = async ({ id, image }: PictureFile): Promise<[string, string]> => {
    const bytes = await readBytes(image).catch(() => Buffer.alloc(0))
    return [id, createHash('sha256').update(bytes).digest('hex')]
  }
  const found = new Map<string, string>()
  for await (const [id, digest] of mapOrdered(items, hash, AT_ONCE, signal)) found.set(id, digest)
  return found
}
