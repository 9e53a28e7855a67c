import { types } from 'node:util'
import { runInSlices } from '../../base/cooperative.js'
import { restated, SemplesError, sentenceOf } from '../../base/error.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { ClassMaps } from '../../formats/camFile/classMaps.js'
import { VOID_ID } from '../../masks/labelMap.js'
import type { RawImage } from '../../pictures/image.js'
import { pixelsOf } from '../../refine/image.js'
import { totals } from './maps.js'
import type { FinishMask, Labelled, Predictor, PredictorJob, WantedMaps } from './predictor.js'
import type { PredictionQueue } from './queue.js'
import type { PredictInput, Prediction } from './types.js'

export interface PredictedPicture {
  image: RawImage
  prediction: Prediction
  maps?: ClassMaps
}

export interface PictureJob<Settings extends object> {
  predictor: Predictor<Settings>
  queue: PredictionQueue<PredictorJob<Settings>, FinishMask>
  settings: Settings
  maps: WantedMaps
  orientation: 'exif' | 'stored'
  /** What the picture is called in errors. Default: its path. */
  name?: string
  signal?: AbortSignal | undefined
}

/**
 * The mask of one picture, when its turn has come. Pixels and bytes are copied during the call.
 * @throws SemplesError naming the picture
 */
export async function predictPicture<Settings extends object>(
  input: PredictInput,
  job: PictureJob<Settings>,
): Promise<PredictedPicture> {
  const { predictor, queue, settings, maps, orientation, signal } = job
  const name = job.name ?? (typeof input === 'string' ? input : '(bytes)')
  const own = copied(input)
  let decoded: RawImage | undefined
  const steps = {
    async prepare(signal: AbortSignal) {
      const image = await imageOf(own, orientation, signal)
      decoded = image
      return { picture: { name, image, scales: await predictor.scale(image, settings, signal) }, settings, maps }
    },
    async finish(finish: FinishMask, signal: AbortSignal) {
      const image = decoded!
      const labelled = await finish(signal)
      const prediction = await predictionOf(labelled, image, predictor.classes, signal)
      const { maps } = labelled
      return { image, prediction, ...(maps === undefined ? {} : { maps }) }
    },
  }
  try {
    return await queue.run(steps, signal)
  } catch (error) {
    if (signal?.aborted || !(error instanceof SemplesError) || error.code === 'SEMPLES_DISPOSED') throw error
    if (job.name === undefined || error.message.includes(name)) throw error
    throw restated(error, error.code, { message: `Picture ${name}: ${sentenceOf(error)}` })
  }
}

/** Callers may use their buffers again a moment later. */
function copied(input: PredictInput): PredictInput {
  if (types.isUint8Array(input)) return new Uint8Array(input)
  if (typeof input !== 'object' || input === null) return input
  const { data } = input
  return types.isUint8Array(data) || types.isUint8ClampedArray(data) ? { ...input, data: new Uint8Array(data) } : input
}

async function imageOf(input: PredictInput, orientation: 'exif' | 'stored', signal: AbortSignal): Promise<RawImage> {
  try {
    return await pixelsOf(input, orientation, signal)
  } catch (error) {
    if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_REFINE_INPUT') throw error
    throw restated(error, 'SEMPLES_ARGUMENT_INVALID', { message: 'That is no picture.' })
  }
}

async function predictionOf(
  { ids, ...sure }: Labelled,
  { width, height }: RawImage,
  { classes }: ClassTable,
  signal: AbortSignal,
): Promise<Prediction> {
  const found = (await runInSlices(totals(ids, sure), { signal })).filter(({ id }) => id !== VOID_ID)
  const labelOf = labelsById(classes)
  const objects = found.filter(({ id }) => id !== 0).sort((one, other) => other.pixels - one.pixels)
  return {
    mask: ids,
    width,
    height,
    labels: Object.fromEntries(objects.map(({ id, pixels }) => [labelOf(id), pixels / ids.length])),
    scores: Object.fromEntries(
      found.filter(({ mean }) => !Number.isNaN(mean)).map(({ id, mean }) => [labelOf(id), mean]),
    ),
  }
}

/** Labels of class ids, that of the background too. */
export function labelsById(classes: ClassTable['classes']): (id: number) => string {
  const labels = new Map(classes.map(({ id, label }) => [id, label]))
  return (id) => labels.get(id) ?? 'background'
}

/** Maps by label, as views of one buffer. */
export function mapsByLabel(
  { data, classIds, height, width }: ClassMaps,
  { classes }: ClassTable,
): Record<string, Float32Array> {
  const size = height * width
  const labelOf = labelsById(classes)
  return Object.fromEntries(classIds.map((id, map) => [labelOf(id), data.subarray(map * size, (map + 1) * size)]))
}
