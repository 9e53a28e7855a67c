import { weaktr } from '../generators/weaktr.js'
import type { WeightsReport } from '../weightsReport.js'
import { fieldsFor } from './fields.js'
import { whatOf } from './load.js'
import { placesOf } from './names.js'
import { type Backbone, cnnTensors, weaktrTensors } from './own.js'
import { judgeLoad } from './plan.js'
import { noUse, recognise, weightsOf } from './recognised.js'
import {
  efficientnetSizes,
  headClasses,
  publishedHeads,
  resnetSizes,
  type Shapes,
  type TransformerSizes,
  transformerSizes,
} from './sizes.js'
import type { FileTensors, ModelTensor } from './types.js'

/** What a file of weights is to a mask generator, told without a config. */
export interface GeneratorWeightsDescription {
  /** What the file is, for people: `a vision transformer with the names of DeiT and timm`. */
  what: string
  /** Sizes that the shapes tell: `width`, `depth`, `patchSize`, `grid` (patches a side), `heads`, `classes` of the head,
   * of a convolutional network `width` (of the published one) and `blocks`. */
  sizes: Record<string, number>
  /** Fields of a config that make a generator of these sizes: `{ generator: { patchSize: 14 } }`. */
  config?: Record<string, unknown>
  /** What would become of each tensor in such a generator, before the stage `classify`. */
  report?: WeightsReport
  /** What a person should know of it: a distillation token that is left out, heads that shapes do not tell. */
  notes?: string[]
  /** Why no generator takes it. */
  refused?: { message: string; hint: string }
}

/** What a refusal calls the file. */
const SUBJECT = 'the file'

/**
 * Tells what a file of weights is from the names and shapes of its tensors.
 * @param tensors as `readWeights` gives them, by name; of a type that weights do not have no shape need be known
 * @returns undefined where nothing in the file is known
 */
export function describeGeneratorWeights(
  tensors: ReadonlyMap<string, { shape: number[]; dtype: string }>,
): GeneratorWeightsDescription | undefined {
  const { of, placeOf } = placesOf([...tensors.keys()])
  const shapes: Shapes = new Map([...tensors].map(([name, { shape }]) => [placeOf(name).to, shape]))
  const transformer = transformerSizes(shapes)
  // Other networks have parts with the same names.
  const other = transformer === undefined ? foreign(tensors, shapes) : undefined
  if (other !== undefined) return other
  if (transformer !== undefined) return ofTransformer(tensors, shapes, transformer, whatOf(shapes, of))
  return ofCnn(tensors, shapes) ?? nothingOfUse(tensors)
}

function ofTransformer(
  tensors: FileTensors,
  shapes: Shapes,
  sizes: TransformerSizes,
  what: string,
): GeneratorWeightsDescription {
  const heads = sizes.heads ?? publishedHeads(sizes.width)
  const classes = sizes.tokens ?? 1
  const reductions = reductionsOf(shapes)
  const { mlpRatio: _, tokens: __, tokenRows: ___, ...told } = sizes
  const found = headClasses(shapes)
  const described = {
    what,
    sizes: { ...told, ...(heads === undefined ? {} : { heads }), ...(found === undefined ? {} : { classes: found }) },
  }
  const { imageSize, ...defaults } = weaktr.schema.parse({ weights: 'random' })
  const generator: Record<string, number> = fieldsFor(sizes, { ...defaults, grid: imageSize / defaults.patchSize })
  if (heads === undefined) generator.heads = sizes.width % 64 === 0 ? sizes.width / 64 : 1
  for (const [field, value] of Object.entries(reductions))
    if (value !== defaults[field as keyof typeof reductions]) generator[field] = value
  const model = weaktrTensors({ ...sizes, heads: heads ?? 1 }, classes, reductions)
  return judged(described, tensors, model, generator, heads === undefined ? [HEADS_UNKNOWN] : [])
}

const HEADS_UNKNOWN =
  'shapes do not tell how many attention heads the network was trained with; as published ones have 64 numbers a head, generator.heads is a guess: set it to their number'

/** By what attention fusion shrinks, where the file has it. */
function reductionsOf(shapes: Shapes): { fusionReduction?: number; fusionFeatureReduction?: number } {
  const found: { fusionReduction?: number; fusionFeatureReduction?: number } = {}
  const maps = shapes.get('adaptive_attention_fusion.attn_head_ffn.0.weight')
  const features = shapes.get('adaptive_attention_fusion.attn_feat_ffn.0.weight')
  if (maps?.length === 2) found.fusionReduction = Math.floor(maps[1]! / maps[0]!)
  if (features?.length === 2) found.fusionFeatureReduction = Math.floor(features[1]! / features[0]!)
  return found
}

function ofCnn(tensors: FileTensors, shapes: Shapes): GeneratorWeightsDescription | undefined {
  const resnet = resnetSizes(shapes)
  const lite = efficientnetSizes(shapes)
  if (resnet === undefined && lite === undefined) return undefined
  const classes = headClasses(shapes)
  const width = resnet?.width ?? shapes.get('_conv_stem.weight')![0]! / 32
  const blocks = resnet === undefined ? lite!.blocks : resnet.blocks.reduce((sum, count) => sum + count)
  const described = { what: whatOf(shapes), sizes: { width, blocks, ...(classes === undefined ? {} : { classes }) } }
  // Networks that no generator has are refused against the nearest one.
  const backbone: Backbone = resnet === undefined ? 'efficientnet-lite0' : (resnet.backbone ?? 'resnet50')
  const generator = { kind: 'cnn', backbone, ...(width === 1 ? {} : { width }) }
  const head = shapes.get('classifier.weight')?.length === 4 ? (classes ?? 1) : 1
  return judged(described, tensors, cnnTensors(backbone, width, head), generator)
}

function judged(
  described: Pick<GeneratorWeightsDescription, 'what' | 'sizes'>,
  tensors: FileTensors,
  model: readonly ModelTensor[],
  generator: Record<string, unknown>,
  more: readonly string[] = [],
): GeneratorWeightsDescription {
  const result = judgeLoad(tensors, model, 'start', SUBJECT)
  if ('refused' in result) {
    const { message, hint } = result.refused
    return { ...described, refused: { message: message.replace(/^the /, 'The '), hint } }
  }
  const notes = [...more, ...result.notes.map(({ text }) => text)]
  return { ...described, config: { generator }, report: result.report, ...(notes.length === 0 ? {} : { notes }) }
}

/** Networks of which no generator is. */
function foreign(tensors: FileTensors, shapes: Shapes): GeneratorWeightsDescription | undefined {
  if (resnetSizes(shapes) !== undefined || efficientnetSizes(shapes) !== undefined) return undefined
  const network = recognise([...tensors.keys()], new Set())
  if (network === undefined) return undefined
  const message = `The file holds ${weightsOf(network.what)}. ${network.because}`
  return { what: network.what, sizes: {}, refused: { message, hint: network.hint } }
}

function nothingOfUse(tensors: FileTensors): GeneratorWeightsDescription | undefined {
  const names = [...tensors.keys()]
  if (names.length === 0 || !names.every((name) => noUse(name) !== undefined)) return undefined
  return {
    what: noUse(names[0]!)!,
    sizes: {},
    refused: {
      message: `The file holds nothing of the network before its head.`,
      hint: 'Give the file with the whole network.',
    },
  }
}
