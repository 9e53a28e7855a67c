import { type ClipTower, clipKept, clipWorking } from './clip.js'
import { FLOAT, trainingPeak } from './layer.js'
import {
  type NetworkOptions,
  networkForward,
  networkLayers,
  networkLeftover,
  networkRuntime,
  networkWeights,
} from './network.js'

/** One part of what a job takes at its peak. */
export interface MemoryTerm {
  /** For people. */
  what: string
  bytes: number
}

/** Class activation maps of one picture. */
export interface CamsJob {
  kind: 'cams'
  generator: NetworkOptions
  /** Of the class table. */
  classes: number
  /** The picture as maps are made of it: after `side` and `maxSide`. */
  width: number
  height: number
  /** The picture as it is, which maps are given for. Default: the same. */
  outputWidth?: number
  outputHeight?: number
  scales: readonly number[]
  flip: boolean
  /** Maps that the picture gets: its labels. */
  maps: number
  /** Whether maps are also written to a file. */
  writes?: boolean
  /** Pictures that are prepared while one is computed. Default 0. */
  ahead?: number
}

/** One step of a stage of training. */
export interface TrainingJob {
  kind: 'training'
  generator: NetworkOptions
  classes: number
  /** Side of the square pictures. */
  size: number
  batch: number
  /** Pictures computed at a time; 0 for all. */
  microBatch: number
  trains: 'head' | 'all' | 'prompts'
  /** Numbers of the optimiser's state for one of a parameter: AdamW 2, SGD with momentum 1. */
  optimizer: 0 | 1 | 2
  /** Pairs of picture and class in a batch. */
  pairs: number
  /** Where a loss term needs it. */
  clip?: ClipTower
  /** Masked pictures that each pair sends through it: its object, its background, or both. */
  views?: 0 | 1 | 2
  /** Tokens of a learned prompt's text, where gradients go through the text encoder. Default 0. */
  promptTokens?: number
  /** Batches that are prepared ahead, and bytes of decoded pictures that are kept. */
  ahead?: number
  cache?: number
}

/** Node.js and LibTorch before any work. */
export const PROCESS = 160e6
/** What the first operations leave for good: pages of code, buffers of the matrix products. */
export const RUNTIME = 60e6
/** The same of a backward pass and the optimiser, besides. */
export const BACKWARD = 60e6
/** Blocks that are kept from step to step serve others of up to a sixteenth less. */
export const UNEVEN = 1.03

/** The terms of a job at its peak. */
export function camsTerms(job: CamsJob): MemoryTerm[] {
  const { generator, classes, scales, flip, maps, ahead = 0, writes = false } = job
  const { outputWidth = job.width, outputHeight = job.height } = job
  const pictures = flip ? 2 : 1
  const map = FLOAT * outputWidth * outputHeight
  let leftover = 0
  const at = scales.map((scale, index) => {
    const [width, height] = [Math.round(job.width * scale), Math.round(job.height * scale)]
    const image = FLOAT * 3 * width * height
    // The picture, normalised; with its mirror image both, joined. What making them took stays with the C library.
    const images = (flip ? 3 : 1) * image + (flip || generator.kind === 'weaktr' ? 2 : 0) * image
    const network = networkForward(generator, classes, height, width, pictures)
    // Maps at the picture's size: of this run, of its mirror image turned back, their sum, that of the scales before.
    const resized = ((flip ? 4 : 1) + (index === 0 ? 0 : 2)) * maps * map
    leftover += networkLeftover(generator, classes, height, width, pictures)
    return {
      scale,
      leftover,
      images,
      working: Math.max(network, resized),
      isNetwork: network >= resized,
      earlier: index === 0 ? 0 : maps * map,
    }
  })
  const most = at.reduce((one, other) => (sizeOf(other) > sizeOf(one) ? other : one))
  const pixels = 3 * job.width * job.height * scales.reduce((total, scale) => total + scale * scale, 0)
  const network = sizeOf(most)
  // The scaled maps, their copy for JavaScript, and the bytes of the file.
  const results = (writes ? 5 : 4) * maps * map
  return [
    { what: 'Node.js and LibTorch', bytes: PROCESS + RUNTIME + networkRuntime(generator, pictures) },
    { what: 'weights', bytes: networkWeights(generator, classes) },
    { what: 'pixels of the picture at all scales, and of those prepared ahead', bytes: (2 + ahead) * pixels },
    ...(results > network
      ? [{ what: 'maps at the size of the picture', bytes: results }]
      : [
          { what: `the picture at scale ${most.scale} as numbers${flip ? ', mirrored too' : ''}`, bytes: most.images },
          {
            what: most.isNetwork ? 'what the network makes of it' : 'maps at the size of the picture',
            bytes: most.working,
          },
          ...(most.leftover > 0 ? [{ what: 'what the C library keeps of earlier layers', bytes: most.leftover }] : []),
          ...(most.earlier > 0 ? [{ what: 'maps of the scales before', bytes: most.earlier }] : []),
        ]),
  ]
}

function sizeOf(at: { images: number; working: number; earlier: number; leftover: number }): number {
  return at.images + at.working + at.earlier + at.leftover
}

/** The terms of a step of training at its peak. */
export function trainingTerms(job: TrainingJob): MemoryTerm[] {
  const { generator, classes, size, batch, microBatch, trains, optimizer, clip, views = 0 } = job
  const { ahead = 0, cache = 0 } = job
  const pictures = microBatch > 0 ? Math.min(microBatch, batch) : batch
  const pairs = Math.ceil((job.pairs * pictures) / batch)
  const weights = networkWeights(generator, classes)
  const image = FLOAT * 3 * size * size
  const layers = networkLayers(generator, classes, { size, pictures, trains: trains === 'all' ? 'all' : 'head' })
  const trained = trains === 'all' ? weights : trains === 'head' ? layers.at(-1)!.weights : 0
  const masked = clip === undefined ? 0 : pairs * views
  const kept = clip === undefined ? 0 : masked * (trains === 'prompts' ? image : clipKept(clip))
  const passing = clip === undefined ? 0 : masked * clipWorking(clip)
  // One prompt for each class of the batch; the text encoder is like the image tower, two thirds as wide.
  const prompts = Math.min(classes, pairs)
  const texts =
    clip === undefined
      ? 0
      : prompts * clipKept({ ...clip, imageSize: 0, tokens: job.promptTokens ?? 0, width: (2 * clip.width) / 3 })
  // Each pair's picture in CLIP's statistics, its mask, and the masked pictures.
  const masks = clip === undefined ? 0 : pairs * (2 * image + (2 * image) / 3) + masked * image
  const network =
    trains === 'prompts'
      ? networkForward(generator, classes, size, size, pictures)
      : trainingPeak(layers, Math.ceil(batch / pictures))
  const terms = [
    { what: 'Node.js and LibTorch', bytes: PROCESS + RUNTIME + BACKWARD + networkRuntime(generator, batch) },
    { what: 'weights of the mask generator', bytes: weights },
    { what: "the optimiser's state", bytes: optimizer * trained },
    {
      what: 'pictures of the batch, as bytes and as numbers',
      bytes: batch * image * 1.5 + (ahead * batch * image) / 4,
    },
    { what: 'decoded pictures that are kept', bytes: cache },
    { what: `what the mask generator keeps of ${pictures} pictures for the backward pass`, bytes: UNEVEN * network },
    { what: 'weights of CLIP', bytes: clip?.weights ?? 0 },
    { what: `masked pictures of ${pairs} pairs`, bytes: masks },
    { what: `what CLIP keeps of ${masked} masked pictures for the backward pass`, bytes: kept + passing },
    { what: `what CLIP keeps of ${prompts} prompts`, bytes: texts },
  ]
  return terms.filter(({ bytes }) => bytes > 0)
}

/** Bytes of all terms together. */
export function totalOf(terms: readonly MemoryTerm[]): number {
  return terms.reduce((total, { bytes }) => total + bytes, 0)
}
