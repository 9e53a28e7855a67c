import { absolutePaths, defaultsOf, type FieldNote, fieldsOf, partly } from '../../base/fields.js'
import { merge } from '../../base/merge.js'
import { isRecord, type OptionOrigin, optionError, place, unknownField, valueAt } from '../../base/optionError.js'
import type { DatasetKind } from '../../datasets/kind.js'
import { datasetKinds, kindOfData } from '../../datasets/kinds.js'
import type { SegmenterKind } from '../../segment/kinds/kind.js'
import { kindOfSegmenter, segmenterKinds } from '../../segment/kinds.js'
import { optimizerSchema } from '../../stages/options.js'
import { scheduleSchema } from '../../stages/schedule.js'
import { dataMissing, notAConfig, outMissing } from '../missing.js'
import { joined } from '../schema.js'
import type { SettableConfig } from '../settings.js'
import { segmentDifferences } from './presets.js'
import { checkSegmentRules } from './rules.js'
import { type SegmentKinds, segmentSchema } from './schema.js'
import type { SegmentConfig, SegmentConfigInput } from './types.js'

type CheckedInput = Omit<SegmentConfigInput, 'clip'> & { clip?: Exclude<SegmentConfigInput['clip'], string> }

const NOUN = 'config field'

/** How all fields are listed, for one that there is not. */
function listOf(kind?: string): string {
  const option = kind === undefined ? '' : ` --model ${kind}`
  return `To list the fields, type: npx semples segment config${option}`
}

/**
 * Fills in the config of a segmentation model: defaults, those of its kind, then the preset's differences, then what the
 * user gives. Paths become absolute. A resolved config resolves to itself.
 *
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN`, `SEMPLES_CONFIG_INVALID`, `SEMPLES_CLIP_MISSING`
 */
export function resolveSegmentConfig(input: SegmentConfigInput): SegmentConfig {
  const checked = checkSegmentInput(input)
  if (checked.data === undefined) throw dataMissing()
  if (!checked.out) throw outMissing()
  const value = over(segmentDefaults(checked), checked)
  const kinds = kindsOf(value)
  const schema = segmentSchema(kinds)
  const result = schema.safeParse(value)
  if (!result.success)
    throw optionError(result.error, { value, notes: notesOf(kinds), noun: NOUN, list: listOf(kinds.model.kind) })
  const config = withSizes(absolutePaths(schema, result.data as unknown as SegmentConfig))
  checkSegmentRules(config)
  return config
}

/** The values that hold with this preset and kind of model where the user says nothing else. */
export function segmentDefaults({
  preset = 'none',
  model,
}: Partial<CheckedInput>): Omit<SegmentConfig, 'data' | 'out'> {
  const differences = segmentDifferences[preset] ?? {}
  const named = (model as { kind?: string } | undefined)?.kind
  const ofPreset = (differences.model as { kind?: string } | undefined)?.kind
  const kind = kindOfSegmenter(named ?? ofPreset)
  // Sizes and rates of one network mean nothing for another.
  const { model: _, train: __, ...others } = differences
  const fitting = named === undefined || kind.kind === kindOfSegmenter(ofPreset).kind ? differences : others
  const { data: ___, ...defaults } = defaultsOf(segmentSchema({ data: datasetKinds.at(-1)!, model: kind })) as Record<
    string,
    unknown
  >
  return merge(over(over(defaults, kind.differences), fitting), { preset }) as unknown as SegmentConfig
}

/** Sections of `train` whose `kind` decides what their other fields mean. */
const OF_KIND = { optimizer: optimizerSchema, schedule: scheduleSchema }

/** Some fields over others. Another optimiser or schedule begins from its own defaults: what belongs to the one means nothing for the other. */
function over(base: object, changes: object): Record<string, unknown> {
  const { train, ...others } = base as Record<string, unknown>
  if (!isRecord(train)) return merge(base, changes) as typeof others
  const kept = { ...train }
  for (const [name, schema] of Object.entries(OF_KIND)) {
    const kindIn = (config: object) => valueAt(config, ['train', name, 'kind'])
    const other = kindIn(changes)
    if (other !== undefined && other !== kindIn(base)) kept[name] = defaultsOf(schema)
  }
  return merge({ ...others, train: kept }, changes) as typeof others
}

/** Values that follow from others, so that config.json states them. */
function withSizes(config: SegmentConfig): SegmentConfig {
  const { augment, predict, model } = config
  const window = predict.window ?? augment.size
  const stride = predict.stride ?? Math.max(1, Math.round((2 * window) / 3))
  const filled = kindOfSegmenter(model.kind).filled?.(model) ?? model
  return {
    ...config,
    model: filled as SegmentConfig['model'],
    predict: { ...predict, side: predict.side ?? augment.side, window, stride },
  }
}

/**
 * Checks names and values, field by field. Nothing is filled in but the kind of data.
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` with the nearest spelling, `SEMPLES_CONFIG_INVALID`
 */
export function checkSegmentInput(input: unknown, origin?: OptionOrigin): CheckedInput {
  if (!isRecord(input)) throw notAConfig(input, origin)
  const value: Record<string, unknown> =
    typeof input.clip === 'string' ? { ...input, clip: { path: input.clip } } : { ...input }
  const kinds = kindsOf(value, origin)
  if (isRecord(value.data)) value.data = { kind: kinds.data.kind, ...value.data }
  const result = partly(segmentSchema(kinds)).safeParse(value)
  if (result.success) return result.data as CheckedInput
  throw optionError(result.error, { value, notes: notesOf(kinds), origin, noun: NOUN, list: listOf(kinds.model.kind) })
}

function kindsOf({ data, model, preset }: Record<string, unknown>, origin?: OptionOrigin): SegmentKinds {
  const ofPreset = typeof preset === 'string' ? segmentDifferences[preset]?.model : undefined
  const named = isRecord(model) && model.kind !== undefined ? model.kind : (ofPreset as { kind?: string })?.kind
  return {
    data: data === undefined ? datasetKinds.at(-1)! : kindOfData(data, place(origin, ['data'])),
    model: kindOfSegmenter(named ?? kindWith(model), place(origin, ['model', 'kind'])),
  }
}

/** The first kind that has all of these fields, where the kind itself comes from elsewhere, as from a run. */
function kindWith(model: unknown): string | undefined {
  const given = isRecord(model) ? Object.keys(model) : []
  return segmenterKinds.find(({ schema }) => given.every((field) => field in schema.shape))?.kind
}

function notesOf(kinds: SegmentKinds): Map<string, FieldNote> {
  return new Map([...fieldsOf(segmentSchema(kinds))].map(([field, { note }]) => [field, note]))
}

let notes: ReadonlyMap<string, FieldNote> | undefined

/** The notes of every field of any such config. A field that kinds share under one name has the notes of each. */
export function segmentNotes(): ReadonlyMap<string, FieldNote> {
  notes ??= notesOfModels(segmenterKinds as unknown as readonly SegmenterKind[])
  return notes
}

/** The notes of every field with one of these kinds of model, whatever the data; section by section. */
export function notesOfModels(models: readonly SegmenterKind[]): Map<string, FieldNote> {
  const found = new Map<string, FieldNote>()
  for (const data of datasetKinds as readonly DatasetKind[])
    for (const model of models)
      for (const [field, note] of notesOf({ data, model })) found.set(field, joined(found.get(field), note))
  const sectionOf = (field: string) => field.split('.')[0]!
  const sections = [...new Set([...found.keys()].map(sectionOf))]
  return new Map(
    [...found].sort(([one], [other]) => sections.indexOf(sectionOf(one)) - sections.indexOf(sectionOf(other))),
  )
}

/** Settings of a command line are fields of such a config. */
export const segmentSettings: SettableConfig = {
  example: 'train.epochs=10',
  notes: segmentNotes,
  noteOf: (field) => segmentNotes().get(field),
  unknown: (field) => unknownField(field.split('.'), { value: {}, notes: segmentNotes(), noun: NOUN, list: listOf() }),
  check: checkSegmentInput,
}
