import { absolutePaths, defaultsOf } from '../base/fields.js'
import { merge } from '../base/merge.js'
import { isRecord, optionError } from '../base/optionError.js'
import type { DataSpec } from '../datasets/kinds.js'
import { kindOfData } from '../datasets/kinds.js'
import { kindOfGenerator } from '../models/generators/kinds.js'
import { clipMissing, weightsMissing } from '../models/missing.js'
import { stageNames } from '../stages/kinds.js'
import { type CheckedInput, checkInput, kindsOf } from './check.js'
import { dataMissing, outMissing } from './missing.js'
import { reference } from './presets/reference.js'
import { type Preset, presets } from './presets.js'
import { checkRules } from './rules.js'
import { configSchema, notesWith } from './schema.js'
import { stagesOf } from './stagesOf.js'
import type { RunConfig, StageShorthands, TrainConfigInput } from './types.js'

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
  const value: Record<string, unknown> = { ...fillIn(checked), data: withPublished(checked.data, checked.reference) }
  const generator = isRecord(value.generator) ? value.generator : {}
  if (!generator.weights) throw weightsMissing(generator.kind)
  const kinds = kindsOf(value)
  const schema = configSchema(kinds)
  const result = schema.safeParse(value)
  if (!result.success) throw optionError(result.error, { value, notes: notesWith(kinds), noun: 'config field' })
  const config = absolutePaths(schema, result.data as unknown as RunConfig)
  checkRules(config)
  if (config.clip.path === undefined && stagesOf(config).some(({ needsClip }) => needsClip)) throw clipMissing()
  return config
}

/**
 * The values that hold under a preset where the user says nothing else; of the default kind of data, and of that kind of
 * generator, or the preset's.
 */
export function defaultConfig(
  preset: Preset = 'none',
  published = false,
  generator?: string,
): Omit<RunConfig, 'data' | 'out'> {
  const named = generator === undefined ? {} : { generator: { kind: kindOfGenerator(generator).kind } }
  return base({ preset, reference: published, ...named } as Partial<CheckedInput>) as unknown as RunConfig
}

/** Defaults, with the differences of the preset and those of published behaviour. */
function base({ preset = 'none', reference: published = false, generator }: Partial<CheckedInput>) {
  const withPreset = merge({ generator: {} }, presets[preset]) as Record<string, unknown>
  // Sizes of one network mean nothing for another.
  const kind = generator?.kind ?? (withPreset.generator as { kind?: unknown }).kind
  const other = generator?.kind !== undefined && kindsOf(withPreset).generator.kind !== generator.kind
  if (other) withPreset.generator = {}
  const kinds = kindsOf({ generator: kind === undefined ? {} : { kind } })
  const { data: _, ...defaults } = defaultsOf(configSchema(kinds)) as Record<string, unknown>
  const fitting = merge(defaults, kinds.generator.differences ?? {})
  return merge(merge(merge(fitting, withPreset), published ? reference : {}), { preset, reference: published })
}

function fillIn({ data: _, ...input }: CheckedInput): Record<string, unknown> {
  const { epochs, batch, lr, maxSteps, augment, ...own } = input
  const shorthands: StageShorthands = { epochs, batch, lr, maxSteps, augment }
  const everyStage = Object.fromEntries(stageNames.map((name) => [name, shorthands]))
  return structuredClone(merge(merge(base(input), everyStage), own as Record<string, unknown>))
}

/** The data, with what published behaviour changes where the user says nothing else. */
function withPublished(data: DataSpec, published = false): DataSpec {
  return published ? ({ ...kindOfData(data).published, ...data } as DataSpec) : data
}
