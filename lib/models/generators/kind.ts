import type { z } from 'zod'
import { oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { path, whole } from '../../base/fields.js'
import { allNames, weightsNames } from '../../weights/table.js'

/** Mean and standard deviation of red, green and blue in [0, 1]. */
export interface Normalisation {
  mean: readonly [number, number, number]
  std: readonly [number, number, number]
}

/** Of the pictures of ImageNet. */
export const IMAGENET: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

/** One kind of mask generator: its options and what a stage must know of it. The network itself is native. */
export interface GeneratorKind<Kind extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  kind: Kind
  /** For people: name and source. */
  title: string
  /** For people without weights: where published ones lie, as a sentence. */
  origin: string
  /** Fields of `generator`, each with its note and its default. What `native` leaves goes to the addon as it is. */
  schema: Schema
  /** Loss terms, by name with weights, of a classification training of this network. */
  classification: Readonly<Record<string, number>>
  /** Values of other sections that fit this network where nobody says otherwise. */
  differences?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** What pictures in [0, 1] are normalised with before this network; its weights depend on it. */
  statistics(options: z.infer<Schema>): Normalisation
  /** What of its options, besides `weights`, the addon gets. Default: all. */
  native?(options: Omit<z.infer<Schema>, 'weights'>): Record<string, unknown>
  /** @throws SemplesError `SEMPLES_CONFIG_INVALID` for fields that contradict each other */
  check(options: z.infer<Schema>): void
}

/** Names a kind with all its types. */
export function generatorKind<const Kind extends string, Schema extends z.ZodObject>(
  definition: GeneratorKind<Kind, Schema>,
): GeneratorKind<Kind, Schema> {
  return definition
}

/** What every kind has. */
export const commonFields = {
  weights: path(
    'Weights to start from: a file (safetensors, .pth or .pt), a name that "semples weights" prints, or random.',
    oneOf(['a file of weights', ...weightsNames, 'random']),
    { words: ['random', ...allNames] },
  ),
  imageSize: whole(1, 'Side of the square training pictures.', { unit: 'pixels' }),
}

export function misfit(field: string, value: unknown, expected: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The value of generator.${field} does not fit the other fields of generator.`,
    field: `generator.${field}`,
    value,
    expected,
  })
}
