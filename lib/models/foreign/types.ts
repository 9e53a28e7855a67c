import type { WeightsReport } from '../weightsReport.js'
import type { Step } from './steps.js'

/** Names, shapes and types of the tensors of a file. Of a type that weights do not have no shape need be known. */
export type FileTensors = ReadonlyMap<string, { shape: readonly number[]; dtype: string }>

/** A tensor of a generator: `head` is what published weights need not hold, `buffer` what is not trained. */
export interface ModelTensor {
  name: string
  shape: readonly number[]
  head: boolean
  buffer: boolean
}

/** `start`: weights that a training of classification begins with; `whole`: a checkpoint of the very network. */
export type Purpose = 'start' | 'whole'

/** Something that a person should know; a warning where the result may be other than meant. */
export interface LoadNote {
  text: string
  warning: boolean
}

/** Why weights are not taken, with `subject` in the place of the file. */
export interface Refusal {
  message: string
  hint: string
}

export interface LoadPlan {
  report: WeightsReport
  /** How each tensor of the model that the file has is made, by the model's name. */
  steps: ReadonlyMap<string, Step>
  notes: LoadNote[]
}
