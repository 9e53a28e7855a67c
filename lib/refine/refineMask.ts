import { availableParallelism } from 'node:os'
import { SemplesError } from '../base/error.js'
import { VOID_ID } from '../masks/labelMap.js'
import type { RawImage } from '../pictures/image.js'
import { pixelsOf } from './image.js'
import { refineNatively } from './native.js'
import { type RefineOptions, type RefineSettings, resolveRefineOptions } from './options.js'
import { type Source, sourceOf } from './source.js'
import type { RefinedMask, RefineExecution, RefineInput } from './types.js'

export type RefineMaskOptions = RefineInput & RefineOptions & RefineExecution

/**
 * Refines the mask of one picture: dense CRF (Krähenbühl and Koltun 2011) or PAMR (Araslanov and Roth 2020) over score
 * maps or labels of any method.
 *
 * @param options the picture, its scores [C, H, W] or labels [H, W], and settings; without settings those with which
 *   SemPLeS and WeakTr make their VOC 2012 masks
 * @returns class ids of the picture's size
 * @throws SemplesError `SEMPLES_REFINE_INPUT`, `SEMPLES_CONFIG_INVALID`, `SEMPLES_IMAGE_UNREADABLE`,
 *   `SEMPLES_ARGUMENT_INVALID` (NaN or infinite scores), `SEMPLES_MEMORY_LIMIT` with the need; the reason of `signal`
 */
export async function refineMask(options: RefineMaskOptions): Promise<RefinedMask> {
  const { image, scores, labels, name, withScores = false, threads, memoryLimit, signal, ...settings } = options
  const resolved = resolveRefineOptions(settings)
  const execution = { scores: withScores, ...resourcesOf({ threads, memoryLimit }), signal }
  const prepared = await prepare({ image, scores, labels, name }, resolved, signal)
  return refinePrepared(prepared, resolved, execution)
}

/** A picture in memory with what is to be refined. */
export interface PreparedInput {
  image: RawImage
  source: Source
}

export async function prepare(
  input: RefineInput,
  settings: RefineSettings,
  signal?: AbortSignal,
): Promise<PreparedInput> {
  const image = await pixelsOf(input.image, signal)
  return { image, source: await sourceOf(input, image, settings) }
}

export async function refinePrepared(
  { image, source }: PreparedInput,
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
 * Threads and memory that a job may take.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function resourcesOf({ threads, memoryLimit }: Pick<RefineExecution, 'threads' | 'memoryLimit'>): {
  threads: number
  memoryLimit: number
} {
  return {
    threads: wholeNumber('threads', threads ?? Math.min(MAX_THREADS, availableParallelism()), MAX_THREADS),
    memoryLimit: wholeNumber(
      'memoryLimit',
      memoryLimit ?? Math.floor(process.availableMemory() / 2),
      Number.MAX_SAFE_INTEGER,
    ),
  }
}

/** A whole number from 1. */
export function wholeNumber(field: string, value: number, maximum: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= maximum) return value
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'A number is out of range.',
    field,
    value,
    expected: maximum === Number.MAX_SAFE_INTEGER ? 'a whole number, 1 or more' : `a whole number, 1 to ${maximum}`,
  })
}
