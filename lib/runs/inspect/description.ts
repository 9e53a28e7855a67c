import type { WeightsReport } from '../../models/weightsReport.js'

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
  /** What a person should know, one sentence each. */
  notes?: readonly string[]
  /** Of a CLIP. */
  activation?: { value: 'quick_gelu' | 'gelu'; because: string }
  /** What to do with it, where that is not to start a training. */
  next?: { text: string; commands: string[] }
  /** Why semples cannot take it. */
  refused?: { message: string; hint?: string }
}

/** One who knows a room of networks. */
export interface WeightsDescriber {
  /** The option that takes such weights; absent for networks that are taken nowhere. */
  option?: '--weights' | '--clip'
  /** @param path of the file, for what lies beside it */
  describe(
    tensors: ShapesByName,
    path: string,
  ): WeightsDescription | undefined | Promise<WeightsDescription | undefined>
}
