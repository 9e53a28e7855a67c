import { BACKWARD, type MemoryTerm, PROCESS, RUNTIME, UNEVEN } from './jobs.js'
import { FLOAT, type Layer, trainingPeak } from './layer.js'
import { segmenterMemory } from './segmenterMemory.js'
import type { SegmenterSizes } from './segmenterSizes.js'

/** The mask of a picture by a segmentation model: one `Segmenter.predict`. */
export interface SegmentJob {
  kind: 'segment'
  model: SegmenterSizes
  /** Background included. */
  classes: number
  /** The picture at each scale, in pixels. */
  scales: readonly { width: number; height: number }[]
  /** Of the mask: as a rule those of the picture. */
  width: number
  height: number
  /** Side of the windows and distance between them. Default 480, 320. */
  window?: number
  stride?: number
  /** Windows computed at a time. Default 4. */
  atOnce?: number
  /** Default true. */
  flip?: boolean
  /** Weight of the decoder's last output but one. Default 0. */
  earlier?: number
  /** Whether the probabilities of all classes are asked for too. Default false. */
  probabilities?: boolean
  /** Pictures of these sizes in one request. Default 1. */
  pictures?: number
  /** Pictures that are decoded while others are computed, and masks that are written. Default 0. */
  ahead?: number
}

/** One step of the training of a segmentation model. */
export interface SegmentTrainingJob {
  kind: 'segmentTraining'
  model: SegmenterSizes
  /** Background included. */
  classes: number
  /** Side of the square crops. */
  size: number
  batch: number
  /** Pictures computed at a time; 0 for all. */
  microBatch: number
  /** Numbers of the optimiser's state for one of a parameter: AdamW 2, SGD with momentum 1. */
  optimizer: 0 | 1 | 2
  /** Batches that are prepared ahead, and bytes of decoded pictures that are kept. Default 0. */
  ahead?: number
  cache?: number
}

/** Numbers of a band, of every class (kBandNumbers of native/core/segment/predict.cc). */
const BAND_NUMBERS = 2 ** 22
/** Bands at a time: logits merged, resized, mirrored, their softmax, the sum. */
const BANDS = 5

/** The terms of a mask at its peak: while windows are computed, while the mask is made, or while it is handed over. */
export function segmentTerms(job: SegmentJob): MemoryTerm[] {
  const { model, classes, scales, width, height, pictures = 1, ahead = 0 } = job
  const { window = 480, stride = 320, atOnce = 4, flip = true, earlier = 0, probabilities = false } = job
  const memory = segmenterMemory(model, classes)
  const passes = pictures * (flip ? 2 : 1)
  let grids = 0
  let working = 0
  for (const scale of scales) {
    const [rows, columns] = [Math.min(window, scale.height), Math.min(window, scale.width)]
    const windows = passes * windowCount(scale.height, window, stride) * windowCount(scale.width, window, stride)
    const together = Math.min(atOnce, windows)
    // As bytes, as numbers, and in the order of the network.
    const images = 2.25 * FLOAT * 3 * together * rows * columns
    grids += (earlier > 0 ? 2 : 1) * windows * memory.logits(rows, columns)
    working = Math.max(working, images + memory.forward(rows, columns, together))
  }
  const pixels = 3 * scales.reduce((total, scale) => total + scale.width * scale.height, 0)
  const decoded = scales.some((scale) => scale.width === width && scale.height === height) ? 0 : 3 * width * height
  const mask = (1 + FLOAT + (probabilities ? FLOAT * classes : 0)) * width * height * pictures
  const bands = BANDS * bandBytes(job)
  const moments = [
    [{ what: 'the files of the weights while they are read', bytes: memory.opening }],
    [{ what: `what the model makes of ${atOnce} windows`, bytes: working }],
    [
      { what: 'a band of the mask, of every class', bytes: bands },
      { what: 'the mask', bytes: mask },
    ],
    [{ what: 'the mask, as it is handed over', bytes: 2 * mask }],
  ]
  const most = moments.reduce((one, other) => (totalBytes(other) > totalBytes(one) ? other : one))
  return [
    { what: 'Node.js and LibTorch', bytes: PROCESS + RUNTIME + memory.runtime },
    { what: 'weights', bytes: memory.trained + memory.frozen },
    {
      what: 'pixels of the picture, at all scales, and of those prepared ahead',
      bytes: (pictures + ahead) * (decoded + pixels) + pictures * pixels,
    },
    { what: 'logits of all windows', bytes: grids },
    ...most,
  ]
}

/** Windows along a side (window_starts of native/core/segment/windows.cc). */
export function windowCount(length: number, window: number, stride: number): number {
  return 1 + Math.max(0, Math.ceil((length - window) / stride))
}

/** Of a band: as many rows as come to BAND_NUMBERS, of the mask or of the scale that they are made from. */
function bandBytes({ scales, width, height, classes }: SegmentJob): number {
  const ofRow = Math.max(width, ...scales.map((scale) => (scale.width * scale.height) / height))
  const rows = Math.min(height, Math.max(1, Math.floor(BAND_NUMBERS / classes / ofRow)))
  return FLOAT * classes * rows * ofRow
}

function totalBytes(terms: readonly MemoryTerm[]): number {
  return terms.reduce((total, { bytes }) => total + bytes, 0)
}

/** The terms of a step of training of a segmentation model at its peak. */
export function segmentTrainingTerms(job: SegmentTrainingJob): MemoryTerm[] {
  const { model, classes, size, batch, microBatch, optimizer, ahead = 0, cache = 0 } = job
  const pictures = microBatch > 0 ? Math.min(microBatch, batch) : batch
  const memory = segmenterMemory(model, classes)
  const pixels = batch * size * size
  const logits = FLOAT * classes * pictures * size * size
  const losses = FLOAT * pictures * size * size
  const loss: Layer = {
    weights: 0,
    output: losses,
    working: logits,
    // Logits at the size of the pictures and their softmax; losses with and without labels, confidence, limits.
    kept: 2 * logits + 4 * losses,
    passing: 3 * logits,
  }
  const network = trainingPeak([...memory.layers(size, pictures), loss], Math.ceil(batch / pictures))
  const terms = [
    { what: 'Node.js and LibTorch', bytes: PROCESS + RUNTIME + BACKWARD + memory.runtime },
    { what: 'weights', bytes: memory.trained + memory.frozen },
    { what: "the optimiser's state", bytes: optimizer * memory.trained },
    // Pictures as bytes twice and as numbers; labels as bytes twice and as whole numbers of 64 bits.
    { what: 'pictures and labels of the batch', bytes: pixels * (6 + 3 * FLOAT + 10) + ahead * pixels * 4 },
    { what: 'decoded pictures that are kept', bytes: cache },
    { what: `what the model keeps of ${pictures} pictures for the backward pass`, bytes: UNEVEN * network },
  ]
  return terms.filter(({ bytes }) => bytes > 0)
}
