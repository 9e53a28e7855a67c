import { availableParallelism } from 'node:os'
import { SemplesError } from '../base/error.js'
import { untilAborted } from '../base/mapOrdered.js'
import { freeMemory } from '../base/memory.js'
import { VOID_ID } from '../masks/labelMap.js'
import type { Orientation } from '../masks/orientation.js'
import type { RawImage } from '../pictures/image.js'
import { pixelsOf } from './image.js'
import { memoryLimitExceeded, refineBytes } from './memory.js'
import { refineNatively } from './native.js'
import type { RefineSettings } from './options.js'
import { orientationOf } from './orientation.js'
import { type Source, sourceOf } from './source.js'
import type { RefinedMask, RefineExecution, RefineInput } from './types.js'

/** A decoded picture with its scores or labels, as the addon takes them. */
export interface PreparedInput {
  image: RawImage
  source: Source
  /** Of a picture file. */
  orientation?: Orientation
}

/** Reads the picture and its scores or labels; an abort does not wait for what cannot be interrupted. */
export function prepare(input: RefineInput, settings: RefineSettings, signal?: AbortSignal): Promise<PreparedInput> {
  return untilAborted(read(input, settings, signal), signal)
}

async function read(input: RefineInput, settings: RefineSettings, signal?: AbortSignal): Promise<PreparedInput> {
  const orientation = await orientationOf(input, settings)
  const image = await pixelsOf(input.image, orientation === 'applied' ? 'exif' : 'stored', signal)
  const source = await sourceOf(input, image, settings, signal)
  return { image, source, ...(orientation === undefined ? {} : { orientation }) }
}

/** Bytes of what was read. */
export function heldBytes({ image, source: { source } }: PreparedInput): number {
  return image.data.byteLength + ('labelMap' in source ? source.labelMap : source.values).byteLength
}

/** Bytes of a result. */
export function resultBytes({ mask, scores }: RefinedMask): number {
  return mask.data.byteLength + (scores?.data.byteLength ?? 0)
}

/**
 * Bytes that refining takes beside what was read.
 *
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` where it needs more than it may have
 */
export function workBytes(prepared: PreparedInput, settings: RefineSettings, memoryLimit: number): number {
  const { image, source } = prepared
  const { width, height } = image
  const { least, most } = refineBytes({ width, height, labels: source.classes.length }, settings)
  // Labels and mask beside it.
  const other = heldBytes(prepared) + 3 * width * height
  if (least + other > memoryLimit) throw memoryLimitExceeded(least + other, memoryLimit)
  return Math.min(most, memoryLimit - other) + 3 * width * height
}

/** Refines a prepared picture in the addon; class ids of the picture's size. */
export async function refinePrepared(
  { image, source, orientation }: PreparedInput,
  settings: RefineSettings,
  execution: Parameters<typeof refineNatively>[3],
): Promise<RefinedMask> {
  const started = performance.now()
  const refined = await refineNatively(image, source, settings, execution)
  const ms = performance.now() - started
  const { width, height } = image
  const data = idsOf(refined.labels, source.classes)
  return {
    mask: { width, height, data },
    classes: source.classes,
    ...(refined.scores === undefined ? {} : { scores: refined.scores }),
    ...(orientation === undefined ? {} : { orientation }),
    ...(source.warnings.length === 0 ? {} : { warnings: source.warnings.map(({ text, seen }) => `${text} (${seen})`) }),
    ms,
  }
}

function idsOf(labels: Uint16Array, classes: readonly number[]): Uint8Array {
  const idOf = new Uint8Array(65536).fill(VOID_ID)
  idOf.set(classes)
  const ids = new Uint8Array(labels.length)
  for (let pixel = 0; pixel < ids.length; pixel++) ids[pixel] = idOf[labels[pixel]!]!
  return ids
}

const MAX_THREADS = 256

/**
 * Checks the threads and the memory limit of a job, and fills in their defaults.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function resourcesOf({ threads, memoryLimit }: Pick<RefineExecution, 'threads' | 'memoryLimit'>): {
  threads: number
  memoryLimit: number
} {
  return {
    threads: wholeNumber('threads', threads ?? Math.min(MAX_THREADS, availableParallelism()), MAX_THREADS),
    memoryLimit: wholeNumber('memoryLimit', memoryLimit ?? defaultMemoryLimit(), Number.MAX_SAFE_INTEGER),
  }
}

/** Half of what is free, in bytes. A system that does not tell, as a chroot without /proc, sets no limit. */
export function defaultMemoryLimit(free = freeMemory().bytes): number {
  return free > 0 ? Math.max(1, Math.floor(free / 2)) : Number.MAX_SAFE_INTEGER
}

/** Checks that `value` is a whole number from 1 to `maximum`. */
export function wholeNumber(field: string, value: number, maximum: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= maximum) return value
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'A number is out of range.',
    field,
    value,
    expected: maximum === Number.MAX_SAFE_INTEGER ? 'a whole number, 1 or more' : `a whole number, 1 to ${maximum}`,
  })
}
