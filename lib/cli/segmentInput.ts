import { SemplesError } from '../base/error.js'
import { refuseUseless } from '../base/useless.js'
import type { SegmentConfigInput } from '../config/segment/types.js'
import type { TrainFlags } from './trainInput.js'

/** The options of `semples segment train` that make up a config. */
export interface SegmentFlags extends Omit<TrainFlags, 'stages' | 'reference'> {
  run?: string
  masks?: string
  scores?: string
  truth?: boolean
  model?: string
}

/** Options with the config fields that they stand for. */
const fields = {
  preset: 'preset',
  model: 'model.kind',
  weights: 'model.weights',
  clip: 'clip',
  out: 'out',
  epochs: 'train.epochs',
  batch: 'train.batch',
  lr: 'train.lr',
  seed: 'seed',
  device: 'device',
  precision: 'precision',
  threads: 'threads',
} as const

/**
 * The config that a command line means: the file of `--config`, over it the options, over them every `--set`.
 * @throws SemplesError as reading the file, recognising the data and applying settings do
 */
export async function segmentInput(flags: SegmentFlags): Promise<SegmentConfigInput> {
  const { applySettings } = await import('../config/settings.js')
  const { readConfigFile } = await import('../config/file.js')
  const { checkSegmentInput, segmentSettings } = await import('../config/segment/resolve.js')
  const { config, data, labels, classes, images, val, masks, scores, truth, set = [] } = flags
  requireOneTarget(flags)
  const input: SegmentConfigInput =
    config === undefined ? {} : await readConfigFile<SegmentConfigInput>(config, checkSegmentInput)
  const { detectData } = await import('../datasets/kinds.js')
  if (data === undefined)
    refuseUseless(
      { '--labels': labels, '--classes': classes, '--images': images, '--val': val },
      'without --data, whose pictures they are about',
    )
  else input.data = await detectData(data, { labels, classes, images, val })
  const folder = masks ?? scores
  if (folder !== undefined || truth)
    input.targets = {
      ...input.targets,
      from: truth ? 'truth' : scores === undefined ? 'masks' : 'scores',
      folder,
    }
  const settings = Object.entries(fields).flatMap(([flag, field]) => {
    const value = flags[flag as keyof typeof fields]
    return value === undefined ? [] : [`${field}=${value}`]
  })
  return applySettings(input, [...settings, ...set], segmentSettings)
}

function requireOneTarget({ masks, scores, truth }: SegmentFlags): void {
  const given = Object.entries({ '--masks': masks, '--scores': scores, '--truth': truth }).filter(
    ([, value]) => value !== undefined,
  )
  if (given.length < 2) return
  const [, [second]] = given as [unknown, [string]]
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: 'A model learns from masks, from scores, or from ground truth.',
    field: second,
    expected: 'one of --masks, --scores, --truth',
  })
}
