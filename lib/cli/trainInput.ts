import { isRecord } from '../base/optionError.js'
import type { TrainConfigInput } from '../config/types.js'

/** The options of `semples train` that make up a config. */
export interface TrainFlags {
  config?: string
  data?: string
  labels?: string
  classes?: string
  images?: string
  val?: number
  epochs?: string
  batch?: string
  lr?: string
  preset?: string
  clip?: string
  weights?: string
  out?: string
  stages?: string
  seed?: string
  device?: string
  precision?: string
  threads?: string
  reference?: boolean
  set?: string[]
}

/** Options with the config fields that they stand for. */
const fields = {
  preset: 'preset',
  clip: 'clip',
  weights: 'generator.weights',
  out: 'out',
  stages: 'stages',
  epochs: 'epochs',
  batch: 'batch',
  lr: 'lr',
  seed: 'seed',
  device: 'device',
  precision: 'precision',
  threads: 'threads',
} as const

/**
 * The config that a command line means: the file of `--config`, over it the options, over them every `--set`.
 * @throws SemplesError as reading the file, recognising the data and applying settings do
 */
export async function trainInput(flags: TrainFlags): Promise<TrainConfigInput> {
  const { applySettings } = await import('../config/settings.js')
  const { readConfigFile } = await import('../config/file.js')
  const { stageNames } = await import('../stages/kinds.js')
  const { config, data, labels, classes, images, val, reference, set = [] } = flags
  const input: TrainConfigInput = config === undefined ? {} : await readConfigFile(config)
  const { detectData } = await import('../datasets/kinds.js')
  if (data !== undefined) input.data = await detectData(data, { labels, classes, images, val })
  if (reference) input.reference = true
  // Options win over the file: also where it has a value for one stage.
  for (const stage of stageNames)
    for (const field of ['epochs', 'batch', 'lr'] as const)
      if (flags[field] !== undefined && isRecord(input[stage])) delete input[stage][field]
  const settings = Object.entries(fields).flatMap(([flag, field]) => {
    const value = flags[flag as keyof typeof fields]
    return value === undefined ? [] : [`${field}=${value}`]
  })
  if (data === undefined && labels !== undefined) settings.push(`data.labels=${labels}`)
  if (data === undefined && classes !== undefined) settings.push(`data.classes=${classes}`)
  if (data === undefined && images !== undefined) settings.push(`data.images=${images}`)
  if (data === undefined && val !== undefined) settings.push(`data.val=${val}`)
  return applySettings(input, [...settings, ...set])
}
