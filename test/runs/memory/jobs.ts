import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import sharp from 'sharp'
import { cnn } from '../../../lib/models/generators/cnn.js'
import { weaktr } from '../../../lib/models/generators/weaktr.js'
import type { NetworkOptions } from '../../../lib/models/memory/network.js'
import type { SegmenterSizes } from '../../../lib/models/memory/segmenterSizes.js'
import { type RefineOptions, resolveRefineOptions } from '../../../lib/refine/options.js'
import type {
  CamsJob,
  MemoryJob,
  RefinementJob,
  SegmentJob,
  SegmentTrainingJob,
  TrainingJob,
} from '../../../lib/runs/memory/peakMemory.js'
import { temporaryFolder } from '../tiny.js'

const weights = 'random'

export function transformer(changes: object = {}): NetworkOptions {
  return weaktr.schema.parse({ weights, ...changes })
}

export function convolutions(changes: object = {}): NetworkOptions {
  return cnn.schema.parse({ weights, ...changes })
}

export function camsOf(generator: NetworkOptions, width: number, height: number, rest: Partial<CamsJob> = {}): CamsJob {
  return { kind: 'cams', generator, classes: 20, width, height, scales: [1], flip: true, maps: 2, ...rest }
}

export function trainingOf(
  generator: NetworkOptions,
  size: number,
  batch: number,
  rest: Partial<TrainingJob> = {},
): TrainingJob {
  const fixed = { kind: 'training', classes: 20, microBatch: 0, trains: 'all', optimizer: 2, pairs: batch } as const
  return { ...fixed, generator, size, batch, ...rest }
}

/** The mask of a picture that is resized so that its shorter side is each of `shorter`. */
export function segmentOf(
  model: SegmenterSizes,
  width: number,
  height: number,
  shorter: readonly number[],
  rest: Partial<SegmentJob> = {},
): SegmentJob {
  const scales = shorter.map((side) => {
    const factor = side / Math.min(width, height)
    return { width: Math.round(width * factor), height: Math.round(height * factor) }
  })
  return { kind: 'segment', model, classes: 21, scales, width, height, ...rest }
}

export function segmentTrainingOf(
  model: SegmenterSizes,
  size: number,
  batch: number,
  rest: Partial<SegmentTrainingJob> = {},
): SegmentTrainingJob {
  return { kind: 'segmentTraining', model, classes: 21, size, batch, microBatch: 0, optimizer: 2, ...rest }
}

/** A dense CRF so narrow that no two pixels of noise are alike. */
export const narrow: RefineOptions = { method: 'crf', bilateral: { sxy: 4, srgb: 1, compat: 10 } }

/** On noise: how far the colours of a photograph are shared is another question. */
export function refinementOf(width: number, height: number, labels: number, options: RefineOptions): RefinementJob {
  return { kind: 'refinement', width, height, labels, settings: resolveRefineOptions(options), colors: 'noise' }
}

/** The most memory that a fresh process of this job alone held, in bytes. */
export async function measured(job: MemoryJob): Promise<number> {
  const file = job.kind === 'refinement' || job.kind === 'segment' ? { file: await noise(job) } : {}
  const text = execFileSync(
    process.execPath,
    [join(import.meta.dirname, 'child.mjs'), JSON.stringify({ ...job, ...file })],
    {
      encoding: 'utf8',
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    },
  )
  return Number(text)
}

async function noise({ width, height }: { width: number; height: number }): Promise<string> {
  const raw = { width, height, channels: 3 } as const
  const data = new Uint8Array(width * height * 3)
  let state = 1
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[at] = state >>> 24
  }
  const file = join(await temporaryFolder(), 'noise.png')
  await sharp(data, { raw }).png({ compressionLevel: 1 }).toFile(file)
  return file
}
