import { describeGeneratorWeights } from '../../models/foreign/describe.js'
import { NETWORKS } from '../../models/recognised.js'
import type { WeightsReport } from '../../models/weightsReport.js'
import { OTHER_NETWORKS } from './otherNetworks.js'

/** Shapes of the tensors of a file, by name without the prefixes that all of them share. */
export type ShapesByName = ReadonlyMap<string, { shape: number[]; dtype: string }>

/** What network a file of weights is of. */
export interface WeightsDescription {
  /** For people: `a DeiT with the names of timm`. */
  what: string
  /** Sizes by name: width, depth. */
  sizes?: Record<string, number>
  /** Fields of the config without which the sizes would not fit. */
  config?: Record<string, unknown>
  report?: WeightsReport
  activation?: { value: 'quick_gelu' | 'gelu'; because: string }
  /** Why semples cannot take it. */
  refused?: { message: string; hint?: string }
}

/** Those who know one room of networks; the first that knows the file counts. */
export interface WeightsDescriber {
  /** The option that takes such weights. */
  option?: '--weights' | '--clip'
  describe(tensors: ShapesByName): WeightsDescription | undefined
}

/** Mask generators start from these, as they are. */
const GENERATORS: readonly { sign: RegExp; config?: Record<string, unknown> }[] = [
  { sign: /DeiT/ },
  { sign: /EfficientNet/, config: { generator: { kind: 'cnn', backbone: 'efficientnet-lite0' } } },
  { sign: /ResNet with the names of torchvision/, config: { generator: { kind: 'cnn' } } },
]

/** Networks that are known by the names of their tensors alone. */
function byNames(tensors: ShapesByName): WeightsDescription | undefined {
  const names = [...tensors.keys()]
  const found = NETWORKS.find(({ signs }) => signs.every((sign) => names.some((name) => sign.test(name))))
  if (found === undefined) return undefined
  const { what, because, hint } = found
  const taken = what.startsWith('a distilled') ? undefined : GENERATORS.find(({ sign }) => sign.test(what))
  if (taken !== undefined) return { what, ...(taken.config ? { config: taken.config } : {}) }
  return { what, refused: { message: because, hint } }
}

function others(tensors: ShapesByName): WeightsDescription | undefined {
  const names = [...tensors.keys()]
  const found = OTHER_NETWORKS.find(({ signs }) => signs.every((sign) => names.some((name) => sign.test(name))))
  return found && { what: found.what, refused: { message: found.because } }
}

export const describers: readonly WeightsDescriber[] = [
  { option: '--weights', describe: describeGeneratorWeights },
  { option: '--weights', describe: byNames },
  { describe: others },
]
