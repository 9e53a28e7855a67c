import type { WeightsReport } from '../../models/weightsReport.js'

/** What a file or folder can be, for programs. */
export type InspectionKind =
  | 'weights'
  | 'run'
  | 'maps'
  | 'mask'
  | 'labels'
  | 'picture'
  | 'data'
  | 'classes'
  | 'list'
  | 'settings'
  | 'report'
  | 'folder'

/** A tensor of a file of weights. */
export interface InspectedTensor {
  name: string
  /** `float32`, `float16`, `int64`, and types that semples does not compute with: `int16`, `float8_e4m3`. */
  dtype: string
  shape: number[]
}

/** What a file of weights holds, and what semples makes of it. */
export interface InspectedWeights {
  /** `safetensors`, `safetensors in 3 parts`, `torch.save`, `torch.save before torch 1.6`, `a pickle`, `TorchScript`. */
  format: string
  tensors: InspectedTensor[]
  /** Bytes of all tensors. */
  bytes: number
  /** Entries beside the weights, which are not taken, and what each is: `epoch`, `299`. */
  aside: { name: string; what: string }[]
  /** Python objects in the file: class, number and first place. Nothing of them was run. */
  placeholders: { path: string; count: number; where: string }[]
  /** The option that takes the file; absent where none does. */
  option?: '--weights' | '--clip'
  /** Fields of the config that these weights need, where their sizes differ from the defaults. */
  config?: Record<string, unknown>
  /** What becomes of each tensor, where a network of semples takes the file. */
  report?: WeightsReport
  /** Of a CLIP. */
  activation?: { value: 'quick_gelu' | 'gelu'; because: string }
}

/** What a run is and how far it has come. */
export interface InspectedRun {
  finished: boolean
  stages: { name: string; status: 'done' | 'running' | 'waiting'; epochs: number; of?: number }[]
  classes: string[]
  /** Best mIoU (0 to 1) of a stage whose epochs were compared on pixel labels. */
  best: { stage: string; epoch: number; miou: number; threshold: number }[]
  checkpoints: { path: string; bytes: number }[]
}

/** Score maps of one picture. */
export interface InspectedMaps {
  /** Maps, height, width. */
  shape: [number, number, number]
  /** As stored. */
  dtype?: string
  /** Class ids in map order; absent where the file does not say them. */
  classIds?: number[]
  /** Lowest and highest number; absent where there is none. */
  range?: { min: number; max: number }
}

/** A mask or label map. */
export interface InspectedMask {
  width: number
  height: number
  /** Every pixel value that occurs, with its label where a class table says so, and its share of the pixels, 0 to 1. */
  ids: { id: number; label?: string; share: number }[]
}

/** Image-level labels. */
export interface InspectedLabels {
  /** What the file was taken for, in a line. */
  described: string
  pictures: number
  /** In the order of their characters; absent where the file has vectors, whose columns it does not name. */
  classes?: string[]
}

/** What a file or folder is, told by its content, and what semples does with it. */
export interface Inspection {
  /** As it was given. */
  path: string
  kind: InspectionKind
  /** A few words that go on after "is": `a mask`, `the weights of a DeiT`. */
  what: string
  /** What was found, each with a name and a text for people. */
  facts: { name: string; text: string }[]
  /** What a person should know, one sentence each. */
  notes: string[]
  /** What to do with it: a sentence, and commands to type. */
  next?: { text: string; commands: string[] }
  /** Why semples has no use for it, and what to give instead. */
  refused?: { message: string; hint?: string }
  weights?: InspectedWeights
  run?: InspectedRun
  maps?: InspectedMaps
  mask?: InspectedMask
  labels?: InspectedLabels
}

/** What a reader of one kind finds; fields that are left out are empty. */
export type Found = Omit<Inspection, 'path' | 'facts' | 'notes'> & {
  facts?: [name: string, text: string][]
  notes?: readonly string[]
}
