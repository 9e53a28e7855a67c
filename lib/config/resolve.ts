import { resolve } from 'node:path'
import { merge } from '../base/merge.js'
import { type CheckedInput, checkInput } from './check.js'
import { absoluteData, type DataSpec } from './data.js'
import { type ConfigDefaults, defaults } from './defaults.js'
import { clipMissing, dataMissing, outMissing, weightsMissing } from './missing.js'
import { coco2014 } from './presets/coco2014.js'
import { demo } from './presets/demo.js'
import { reference } from './presets/reference.js'
import { voc2012 } from './presets/voc2012.js'
import { checkRules, usesClip } from './rules.js'
import {
  type ConfigDifferences,
  type RunConfig,
  type StageShorthands,
  stageNames,
  type TrainConfigInput,
} from './types.js'

const presets: Record<RunConfig['preset'], ConfigDifferences> = { none: {}, voc2012, coco2014, demo }

/**
 * Fills in a config: defaults, then the preset's differences, then those of `reference`, then what the user gives.
 * Paths become absolute. A resolved config resolves to itself.
 *
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` (a misspelt field, with the nearest spelling), `SEMPLES_CONFIG_INVALID`
 *   (a value, or values that contradict each other), `SEMPLES_WEIGHTS_MISSING`, `SEMPLES_CLIP_MISSING` with what to fetch
 */
export function resolveConfig(input: TrainConfigInput): RunConfig {
  const checked = checkInput(input)
  if (checked.data === undefined) throw dataMissing()
  if (!checked.out) throw outMissing()
  const config: RunConfig = {
    ...fillIn(checked),
    data: absoluteData(withReferenceClasses(checked.data, checked.reference)),
    out: resolve(checked.out),
  }
  if (config.generator.weights === '') throw weightsMissing()
  if (config.generator.weights !== 'random') config.generator.weights = resolve(config.generator.weights)
  if (config.clip.path !== '') config.clip.path = resolve(config.clip.path)
  else if (usesClip(config.stages)) throw clipMissing()
  checkRules(config)
  return config
}

/** The values that hold under a preset where the user says nothing else. */
export function defaultsOf(preset: RunConfig['preset'] = 'none', published = false): ConfigDefaults {
  const withPreset = merge(merge(defaults, presets[preset]), published ? reference : {})
  return { ...withPreset, preset, reference: published }
}

function fillIn({ data: _, out: __, ...input }: CheckedInput): ConfigDefaults {
  const { epochs, batch, lr, maxSteps, augment, ...own } = input
  const shorthands: StageShorthands = { epochs, batch, lr, maxSteps, augment }
  const everyStage: ConfigDifferences = Object.fromEntries(stageNames.map((name) => [name, shorthands]))
  const base = defaultsOf(own.preset, own.reference)
  return structuredClone(merge(merge(base, everyStage), own))
}

/** Published COCO checkpoints have 90 classes. */
function withReferenceClasses(data: DataSpec, published = false): DataSpec {
  return published && 'coco2014' in data ? { classes: 90, ...data } : data
}
