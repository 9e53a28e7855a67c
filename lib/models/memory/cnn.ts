import type { z } from 'zod'
import type { cnn } from '../generators/cnn.js'
import { FLOAT, type Layer, sum } from './layer.js'

export type CnnOptions = Omit<z.infer<typeof cnn.schema>, 'weights'>

/** Channels of the context head (kContextChannels of cnn_generator.cc). */
const CONTEXT = 128
/** Pixels that are computed at a time without gradients (kPixelsAtOnce of cnn_generator.cc). */
const PIXELS_AT_ONCE = 2 * 320 * 320

/** Code that oneDNN makes for each shape of a convolution, and what these work in. */
export const CONVOLUTIONS = 60e6

/** A map of numbers between layers. */
interface Grid {
  channels: number
  height: number
  width: number
}

/** A block with the stage that it belongs to, as `frozen` counts stages. */
export interface CnnBlock extends Layer {
  part: 'stem' | 'half' | 'rest'
}

interface Network {
  blocks: CnnBlock[]
  /** The last map, and the one of stride 16 that the context head also reads. */
  last: Grid
  context: Grid
  /** The last map of stride 4. */
  low: Grid
}

interface Shape {
  height: number
  width: number
  pictures: number
  /** Whether batch norm is a pass of its own, with the statistics of the batch. */
  live: boolean
}

type Backbone = Pick<CnnOptions, 'backbone' | 'width' | 'outputStride'>

/** The blocks of a backbone for pictures of a size. */
export function cnnNetwork(options: Backbone, shape: Shape): Network {
  return options.backbone === 'efficientnet-lite0' ? lite0(options, shape) : resnet(options, shape)
}

function resnet({ backbone, width, outputStride }: Backbone, shape: Shape): Network {
  const counts = backbone === 'resnet101' ? [3, 4, 23, 3] : [3, 4, 6, 3]
  const bytes = (grid: Grid) => FLOAT * shape.pictures * grid.channels * grid.height * grid.width
  const norm = shape.live ? 2 : 1
  const stem = strided({ channels: Math.max(1, Math.round(64 * width)), height: shape.height, width: shape.width }, 2)
  let grid = strided(stem, 2)
  // The convolution's output; the maxima and, as 64-bit numbers, where they are.
  const pooled = 3 * bytes(grid)
  const blocks: CnnBlock[] = [
    {
      part: 'stem',
      weights: FLOAT * 3 * 49 * stem.channels,
      output: bytes(grid),
      working: bytes(stem) + pooled,
      kept: norm * bytes(stem) + pooled,
      passing: 2 * bytes(stem) + bytes(grid),
      derived: FLOAT * 3 * 49 * stem.channels,
    },
  ]
  let context = grid
  let low = grid
  counts.forEach((count, stage) => {
    const inner = stem.channels * 2 ** stage
    for (let index = 0; index < count; index++) {
      const stride = index === 0 && stage > 0 && (stage < 3 || outputStride === 32) ? 2 : 1
      const next = { ...strided(grid, stride), channels: 4 * inner }
      const reduced = bytes({ ...grid, channels: inner })
      const spatial = bytes({ ...next, channels: inner })
      const output = bytes(next)
      const shortcut = index === 0 ? grid.channels * next.channels : 0
      const weights = FLOAT * (grid.channels * inner + 9 * inner * inner + inner * next.channels + shortcut)
      blocks.push({
        part: stage < 2 ? 'half' : 'rest',
        weights,
        output,
        // The last convolution, the shortcut and their sum; before that the first two convolutions.
        working: Math.max((index === 0 ? 3 : 2) * output, reduced + spatial, spatial + output),
        // Outputs of the first two convolutions and of the block; with live norms, all before them too.
        kept: norm * (reduced + spatial) + output + (shape.live ? output * (index === 0 ? 2 : 1) : 0),
        // Gradients of the output, of the last convolution's input and of the block's input.
        passing: 2 * output + spatial + bytes(grid),
        derived: shape.live ? 0 : weights,
      })
      grid = next
    }
    if (stage === 0) low = grid
    if (stage === 2) context = grid
  })
  return { blocks, last: grid, context, low }
}

/** Blocks, kernel, stride, expansion, channels of each stage (kStages of efficientnet_lite.cc). */
const STAGES = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
] as const

function lite0({ width, outputStride }: Backbone, shape: Shape): Network {
  const bytes = (grid: Grid) => FLOAT * shape.pictures * grid.channels * grid.height * grid.width
  const channels = (count: number) => scaled(count * width)
  const norm = shape.live ? 2 : 1
  let grid = strided({ channels: channels(32), height: shape.height, width: shape.width }, 2)
  const single = (from: Grid, to: Grid, kernel: number, part: CnnBlock['part']): CnnBlock => ({
    part,
    weights: FLOAT * from.channels * to.channels * kernel ** 2,
    output: bytes(to),
    working: bytes(to),
    kept: (norm + 1) * bytes(to),
    passing: 2 * bytes(to) + bytes(from),
    derived: shape.live ? 0 : FLOAT * from.channels * to.channels * kernel ** 2,
  })
  const blocks: CnnBlock[] = [single({ channels: 3, height: shape.height, width: shape.width }, grid, 3, 'stem')]
  let context = grid
  let low = grid
  STAGES.forEach(([count, kernel, published, expansion, out], stage) => {
    for (let index = 0; index < count; index++) {
      const removed = outputStride === 16 && stage === 5
      const stride = index === 0 && !removed ? published : 1
      const inner = grid.channels * expansion
      const next = { ...strided(grid, stride), channels: channels(out) }
      const expanded = expansion === 1 ? 0 : bytes({ ...grid, channels: inner })
      const filtered = bytes({ ...next, channels: inner })
      const output = bytes(next)
      const weights =
        FLOAT * (grid.channels * inner * (expansion === 1 ? 0 : 1) + kernel ** 2 * inner + inner * next.channels)
      const residual = (index > 0 || published === 1) && grid.channels === next.channels ? output : 0
      blocks.push({
        part: stage < 3 ? 'half' : 'rest',
        weights,
        output,
        // A strided convolution reads a padded copy.
        working: Math.max((stride === 2 ? 2 : 1) * expanded + filtered, filtered + output, output + residual),
        // Outputs of the widening and of the depthwise convolution before and after their ReLU6, and of the block.
        kept: (norm + 1) * (expanded + filtered) + norm * output + (shape.live ? residual : 0),
        passing: expanded + 2 * filtered + output,
        derived: shape.live ? 0 : weights,
      })
      grid = next
    }
    if (stage === 1) low = grid
    if (stage === 4) context = grid
  })
  const last = { ...grid, channels: channels(1280) }
  blocks.push(single(grid, last, 1, 'rest'))
  return { blocks, last, context, low }
}

/** Channels for another width: multiples of 8, never 10 % less than asked for. */
function scaled(wanted: number): number {
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8)
  return rounded < 0.9 * wanted ? rounded + 8 : rounded
}

function strided(grid: Grid, stride: number): Grid {
  return { ...grid, height: Math.ceil(grid.height / stride), width: Math.ceil(grid.width / stride) }
}

/** Bytes of the parameters of a CNN generator. */
export function cnnWeights(options: CnnOptions, classes: number): number {
  const { blocks, last, context } = cnnNetwork(options, { height: 32, width: 32, pictures: 1, live: true })
  return sum(blocks.map(({ weights }) => weights)) + headOf(options, { last, context }, classes)
}

function headOf({ head }: CnnOptions, { last, context }: Pick<Network, 'last' | 'context'>, classes: number): number {
  const reading = head === 'context' ? CONTEXT * (last.channels + context.channels) + 9 * CONTEXT * classes : 0
  return FLOAT * (classes * last.channels + reading)
}

/** The most that a pass without gradients takes beside weights and pictures; few pictures are computed at a time. */
export function cnnForward(options: CnnOptions, height: number, width: number, pictures: number): number {
  const few = Math.min(pictures, Math.max(1, Math.floor(PIXELS_AT_ONCE / (height * width))))
  const { blocks, last } = cnnNetwork(options, { height, width, pictures: few, live: false })
  // A network of other statistics than ours gets pictures of its own.
  const own = options.backbone === 'efficientnet-lite0' ? 3 * FLOAT * 3 * few * height * width : 0
  let before = own
  let peak = 0
  for (const { working, output } of blocks) {
    peak = Math.max(peak, before + working)
    before = output
  }
  // Features of all pictures, in parts and joined.
  const features = 2 * FLOAT * pictures * last.channels * last.height * last.width
  return Math.max(peak, features) + (few < pictures ? features / 2 : 0)
}

/** Whether gradients reach that part of the backbone. */
function isFrozen(part: CnnBlock['part'], frozen: CnnOptions['frozen']): boolean {
  if (frozen === 'none') return false
  return frozen === 'all' || part === 'stem' || (frozen === 'layer2' && part === 'half')
}

/** The parts of a training step of `pictures` pictures. */
export function cnnLayers(
  options: CnnOptions,
  classes: number,
  { size, pictures, trains }: { size: number; pictures: number; trains: 'head' | 'all' },
): Layer[] {
  const shape = { height: size, width: size, pictures, live: options.norm === 'live' }
  const network = cnnNetwork(options, shape)
  const still = (part: CnnBlock['part']) => trains === 'head' || isFrozen(part, options.frozen)
  const frozen = network.blocks.filter(({ part }) => still(part))
  const features = FLOAT * pictures * network.last.channels * network.last.height * network.last.width
  const maps = (features / network.last.channels) * classes
  const layers: Layer[] = []
  if (frozen.length > 0)
    layers.push({
      weights: 0,
      output: frozen.at(-1)!.output,
      working: Math.max(...frozen.map(({ working }, index) => working + (frozen[index - 1]?.output ?? 0))),
      kept: frozen.at(-1)!.output,
      passing: 0,
      // Kept for as long as the weights do not change.
      derived: sum(frozen.map(({ weights }) => weights)),
    })
  layers.push(...network.blocks.filter(({ part }) => !still(part)))
  layers.push({
    weights: headOf(options, network, classes),
    output: maps,
    working: features,
    kept: features + 2 * maps,
    passing: features,
  })
  return layers
}
