import type { TrainConfigInput } from '../config/types.js'

/** The options of `semples train` that make up a config. */
export interface TrainFlags {
  config?: string
  data?: string
  labels?: string
  images?: string
  preset?: string
  clip?: string
  weights?: string
  out?: string
  stages?: string
  seed?: string
  device?: string
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
  seed: 'seed',
  device: 'device',
  threads: 'threads',
} as const

/**
 * The config that a command line means: the file of `--config`, over it the options, over them every `--set`.
 * @throws SemplesError as reading the file, recognising the data and applying settings do
 */
export async function trainInput(flags: TrainFlags): Promise<TrainConfigInput> {
  const { applySettings } = await import('../config/settings.js')
  const { readConfigFile } = await import('../config/file.js')
  const { config, data, labels, images, reference, set = [] } = flags
  const input: TrainConfigInput = config === undefined ? {} : await readConfigFile(config)
  const { detectData } = await import('../datasets/kinds.js')
  if (data !== undefined) input.data = await detectData(data, { labels, images })
  if (reference) input.reference = true
  const settings = Object.entries(fields).flatMap(([flag, field]) => {
    const value = flags[flag as keyof typeof fields]
    return value === undefined ? [] : [`${field}=${value}`]
  })
  if (data === undefined && labels !== undefined) settings.push(`data.labels=${labels}`)
  if (data === undefined && images !== undefined) settings.push(`data.images=${images}`)
  return applySettings(input, [...settings, ...set])
}
