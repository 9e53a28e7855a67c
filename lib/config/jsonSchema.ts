import { z } from 'zod'
import type { DatasetKind } from '../datasets/kind.js'
import { datasetKinds } from '../datasets/kinds.js'
import { clipSchema } from '../models/clip/clipOptions.js'
import { generatorKinds } from '../models/generators/kinds.js'
import { givenSchema } from './schema.js'

/** What our notes add to a schema that JSON Schema does not know. */
const OWN_WORDS = ['expected', 'form', 'unit', 'path', 'words']

/**
 * The JSON Schema (draft 2020-12) of config files, for editors that complete and check them: every field with its
 * meaning and its default, nothing required, because options of the command line may give the rest.
 */
export function configJsonSchema(): Record<string, unknown> {
  const [data] = datasetKinds
  const [generator] = generatorKinds
  const { shape } = givenSchema({ data: data as DatasetKind, generator })
  return editorSchema({
    ...shape,
    data: dataSchema(),
    generator: z.union(generatorKinds.map(({ schema }) => schema)),
    clip: z.union([z.string(), clipSchema]),
  })
}

/** Data of any kind. */
export function dataSchema(): z.ZodType {
  return z.union(datasetKinds.map(({ kind, schema }) => z.strictObject({ kind: z.literal(kind), ...schema.shape })))
}

/** The JSON Schema of a config with these fields, as editors use it. */
export function editorSchema(shape: z.ZodRawShape): Record<string, unknown> {
  const whole = z.strictObject({
    // Editors put it there.
    $schema: z.string().optional(),
    ...shape,
  })
  return z.toJSONSchema(whole, {
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.required
      for (const word of OWN_WORDS) delete jsonSchema[word]
    },
  }) as Record<string, unknown>
}
