import type { z } from 'zod'
import { oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { path } from '../../base/fields.js'
import { allNames, weightsNames } from '../../weights/table.js'

/** One kind of segmentation model: its options and how it is usually trained. The network itself is native. */
export interface SegmenterKind<Kind extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  kind: Kind
  /** For people: name and source. */
  title: string
  /** Fields of `model`, each with its note and its default. What `native` leaves goes to the addon as it is. */
  schema: Schema
  /** Values of other sections that this model is trained with where nobody says otherwise. */
  differences: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Looks through a frozen CLIP. */
  needsClip?: boolean
  /** Options that a generator of a run has too, for a model that begins as its encoder; undefined where it cannot. */
  encoderOf?(generator: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined
  /** The options with what follows from others. */
  filled?(options: z.infer<Schema>): z.infer<Schema>
  /** @throws SemplesError `SEMPLES_CONFIG_INVALID` for fields that contradict each other */
  check?(options: z.infer<Schema>): void
}

/** Names a kind with all its types. */
export function segmenterKind<const Kind extends string, Schema extends z.ZodObject>(
  definition: SegmenterKind<Kind, Schema>,
): SegmenterKind<Kind, Schema> {
  return definition
}

/** Of every kind that has an encoder which was trained before. */
export const encoderWeights = path(
  "Weights that the encoder starts from: a file (safetensors, .pth or .pt; the generator of a run is one), a name that 'semples weights' prints, or random.",
  oneOf(['a file of weights', ...weightsNames, 'random']),
  { words: ['random', ...allNames] },
)

/** Fields of a generator that a model has under the same names. */
export function sameFields(
  generator: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, generator[name]]).filter(([, value]) => value !== undefined))
}

export function misfit(field: string, value: unknown, expected: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The value of model.${field} does not fit the other fields of model.`,
    field: `model.${field}`,
    value,
    expected,
  })
}
