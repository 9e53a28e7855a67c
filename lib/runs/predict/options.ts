import { z } from 'zod'
import { SemplesError } from '../../base/error.js'
import { choice, type FieldNote, fieldsOf, flag, share, special } from '../../base/fields.js'
import { withoutUndefined } from '../../base/merge.js'
import { optionError } from '../../base/optionError.js'
import { refuseUseless } from '../../base/useless.js'
import { camsSchema } from '../../cam/options.js'
import { type RefineSettings, resolveRefineOptions } from '../../refine/options.js'
import { predictSchema } from '../../segment/options.js'
import type { RefinementOptions } from '../refineCams.js'
import type { ModelKind, PredictionOptions } from './types.js'

const shared = z.object({
  labels: special(z.array(z.string()), 'The only classes that a mask may hold.', 'a list of labels'),
  refine: special(
    z.union([z.string(), z.looseObject({})]),
    'How masks are refined.',
    'a preset of the dense CRF, or options',
  ),
  probabilities: flag('Also the map of each class.'),
  exif: choice(['apply', 'ignore'], 'Whether the EXIF orientation of pictures is applied.'),
  signal: special(z.custom(isSignal), 'Stops it.', 'an AbortSignal'),
})

const bare = (schema: z.ZodType) => (schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema)
const own = (schema: z.ZodObject) =>
  Object.fromEntries(Object.entries(schema.shape).map(([key, field]) => [key, bare(field)]))

const { scales, flip, side, maxSide } = camsSchema.shape
const schemas: Readonly<Record<ModelKind, z.ZodObject>> = {
  segmenter: z.strictObject({ ...shared.shape, ...own(predictSchema) }).partial(),
  generator: z
    .strictObject({
      ...shared.shape,
      ...own(z.object({ scales, flip, side, maxSide })),
      threshold: share('Background threshold.'),
      labelThreshold: share('The lowest score with which a class counts as present.'),
    })
    .partial(),
}

const TITLES: Readonly<Record<ModelKind, string>> = { segmenter: 'a segmentation model', generator: 'a mask generator' }

/**
 * Checks names and values, as far as they can be told without the model.
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN`, `SEMPLES_CONFIG_INVALID`; `SEMPLES_OPTION_INVALID` for options of the
 *   other kind
 */
export function checkPredictionOptions(kind: ModelKind, options: PredictionOptions): void {
  const value: Record<string, unknown> = { ...withoutUndefined(options) }
  const other: ModelKind = kind === 'segmenter' ? 'generator' : 'segmenter'
  for (const field of Object.keys(value))
    if (!(field in schemas[kind].shape) && field in schemas[other].shape)
      throw new SemplesError('SEMPLES_OPTION_INVALID', {
        message: `An option of ${TITLES[other]} (${field}) has no use here: the masks of this run are made by ${TITLES[kind]}.`,
        field,
        value: value[field],
        hint: 'Leave it out.',
      })
  const result = schemas[kind].safeParse(value)
  if (!result.success) throw optionError(result.error, { value, notes: notesOf(schemas[kind]), noun: 'option' })
  const { labels, labelThreshold } = options
  if (labels !== undefined) refuseUseless({ labelThreshold }, 'with labels that are given')
}

function notesOf(schema: z.ZodType): Map<string, FieldNote> {
  return new Map([...fieldsOf(schema)].map(([field, { note }]) => [field, note]))
}

function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value
}

/** A refinement as it was given, and with every default filled in. */
export interface Refinement {
  options: RefinementOptions
  settings: RefineSettings
}

/** @throws SemplesError `SEMPLES_CONFIG_UNKNOWN`, `SEMPLES_CONFIG_INVALID` */
export function refinementOf(refine: PredictionOptions['refine']): Refinement | undefined {
  if (refine === undefined) return undefined
  const options = typeof refine === 'string' ? { preset: refine } : refine
  return { options, settings: resolveRefineOptions(options) }
}
