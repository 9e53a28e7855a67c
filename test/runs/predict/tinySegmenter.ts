import { join } from 'node:path'
import { RunDirectory } from '../../../lib/checkpoints/runDirectory.js'
import { resolveSegmentConfig } from '../../../lib/config/segment/resolve.js'
import type { SegmentConfig, SegmentConfigInput } from '../../../lib/config/segment/types.js'
import type { ClassTable } from '../../../lib/datasets/dataset.js'
import { Random } from '../../../lib/loader/random.js'
import type { Segmenter } from '../../../lib/models/segmenter.js'
import { nativeSegmenter } from '../../../lib/segment/kinds.js'
import { randomSegmenter } from '../../segment/reference.js'

/** Ids with gaps: masks must have these, not the model's outputs. */
export const gapped: ClassTable = {
  name: 'gapped',
  classes: [
    { id: 3, label: 'boat', prompt: 'boat', color: [200, 0, 0] },
    { id: 7, label: 'person', prompt: 'player', color: [0, 0, 200] },
  ],
}

export const tinyModel = {
  kind: 'vit-mask' as const,
  weights: 'random',
  ...{ imageSize: 32, patchSize: 8, width: 16, depth: 1, heads: 2 },
}
export const tinyRules = { side: 40, window: 32, stride: 20, scales: [0.5, 1, 1.25], flip: true }

export interface TinyRun {
  run: string
  config: SegmentConfig
  /** The model of the run, to be asked directly. */
  segmenter: Segmenter
}

/** The run of a segmentation model with random weights, as training leaves one. */
export async function writeSegmenterRun(
  run: string,
  { classes = gapped, ...changes }: SegmentConfigInput & { classes?: ClassTable } = {},
): Promise<TinyRun> {
  const config = resolveSegmentConfig({
    data: { folder: join(run, 'pictures') },
    targets: { folder: join(run, 'masks') },
    out: run,
    device: 'cpu',
    threads: 1,
    model: tinyModel,
    predict: tinyRules,
    ...changes,
  } as SegmentConfigInput)
  const made = { classes: classes.classes.length + 1, device: 'cpu' }
  const { segmenter } = await randomSegmenter(nativeSegmenter(config.model, made))
  const notes = { kind: 'segmenter' }
  const directory = await RunDirectory.create(run, { config, classes, versions: {}, seed: 1, data: 'none', notes })
  const tensors = { segmenter: await segmenter.state() }
  await directory.stage('segment').save({ tensors, state: {}, epoch: 1 })
  await directory.close()
  return { run, config, segmenter }
}

export interface Pixels {
  data: Uint8Array
  width: number
  height: number
}

/** Coloured blocks with noise, so that parts of a picture differ. */
export function blocks(width: number, height: number, seed = 0): Pixels {
  const draws = new Random(31, 'blocks', width, height, seed)
  const colours = Array.from({ length: 64 }, () => [0, 1, 2].map(() => draws.integer(0, 255)))
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++) {
        const colour = colours[(Math.floor(y / 9) * 8 + Math.floor(x / 9)) % 64]![channel]!
        data[(y * width + x) * 3 + channel] = Math.max(0, Math.min(255, colour + draws.integer(-9, 9)))
      }
  return { data, width, height }
}
