import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { mapOrdered } from '../../base/mapOrdered.js'
import { decodeImage } from '../../pictures/decode.js'
import type { Dataset, DatasetItem } from '../dataset.js'
import type { CheckedSize } from './types.js'

/** What was found in the file of a picture, and in its mask. */
export interface ReadPicture {
  item: DatasetItem
  /** sha256 of the file; undefined where it cannot be read. */
  content?: string
  size?: CheckedSize
  /** Why it cannot be decoded. */
  reason?: string
  mask?: ReadMask
}

export interface ReadMask {
  /** Why it cannot be used. */
  problem?: string
  /** Pixel values that are no class ids. */
  unknown: number[]
}

export interface ReadPicturesOptions {
  concurrency: number
  /** Whether masks are opened. */
  masks: boolean
  signal?: AbortSignal
  onProgress?(done: number, total: number): void
}

/** Decodes every picture, whole, and opens every mask. What cannot be read is a part of the result. */
export async function readPictures(dataset: Dataset, options: ReadPicturesOptions): Promise<ReadPicture[]> {
  const { concurrency, signal, onProgress } = options
  const ids = new Set([0, 255, ...dataset.classes.classes.map(({ id }) => id)])
  const read = (item: DatasetItem, _: number, stop: AbortSignal) => readOne(item, dataset, ids, options.masks, stop)
  const found: ReadPicture[] = []
  for await (const picture of mapOrdered(dataset.items, read, concurrency, signal)) {
    found.push(picture)
    onProgress?.(found.length, dataset.items.length)
  }
  return found
}

async function readOne(
  item: DatasetItem,
  dataset: Dataset,
  ids: ReadonlySet<number>,
  masks: boolean,
  signal: AbortSignal,
): Promise<ReadPicture> {
  let content: string | undefined
  try {
    const bytes = await readFile(item.image, { signal })
    content = createHash('sha256').update(bytes).digest('hex')
    const { width, height } = await decodeImage(bytes, { orientation: dataset.orientation, signal }, item.image)
    const size = { width, height }
    return { item, content, size, ...(masks ? { mask: await readTruth(item, dataset, ids, size) } : {}) }
  } catch (error) {
    signal.throwIfAborted()
    return { item, content, reason: reasonOf(error) }
  }
}

async function readTruth(
  item: DatasetItem,
  dataset: Dataset,
  ids: ReadonlySet<number>,
  size: CheckedSize,
): Promise<ReadMask | undefined> {
  try {
    const mask = await dataset.mask(item)
    if (mask === undefined) return undefined
    const values = new Set(mask.data)
    const fits = mask.width === size.width && mask.height === size.height
    return {
      ...(fits ? {} : { problem: `is ${mask.width}x${mask.height}, and its picture ${size.width}x${size.height}` }),
      unknown: [...values].filter((value) => !ids.has(value)).sort((a, b) => a - b),
    }
  } catch (error) {
    return { problem: `cannot be read: ${reasonOf(error)}`, unknown: [] }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
