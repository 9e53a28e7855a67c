import { z } from 'zod'
import { oneOf } from '../base/count.js'
import { deviceField } from '../base/device.js'
import { choice, type FieldNote, fieldsOf, flag, path, special, whole, wholeOrAuto } from '../base/fields.js'
import { precisionField } from '../base/precision.js'
import { camsSchema, masksSchema } from '../cam/options.js'
import type { DatasetKind } from '../datasets/kind.js'
import { datasetKinds } from '../datasets/kinds.js'
import { loaderSchema } from '../loader/options.js'
import { clipSchema } from '../models/clip/clipOptions.js'
import type { GeneratorKind } from '../models/generators/kind.js'
import { generatorKinds } from '../models/generators/kinds.js'
import { stageKinds, stageNames } from '../stages/kinds.js'
import { lossSchema, sharedFields } from '../stages/options.js'

/** The fields that belong to the run as a whole. */
const general = {
  preset: choice(
    ['voc2012', 'coco2014', 'cnn', 'photos', 'demo', 'none'],
    'Recipe that the defaults come from: published for VOC 2012 or COCO 2014; a CNN with the CAM step of IRN; a few hundred photographs; minutes on a processor with the models of the package; or none (the numbers of voc2012 with light augmentation).',
  ).default('none'),
  reference: flag(
    'Published behaviour throughout: pictures resized as Pillow does, published augmentation, selection by pixel labels, 90 COCO classes.',
  ).default(false),
  out: path('Folder that the run is written to: new or empty.', 'a folder'),
  seed: whole(0, 'Seed of shuffling, augmentation and initial weights.').default(504),
  device: deviceField.default('auto'),
  precision: precisionField.default('float32'),
  threads: wholeOrAuto('Processor threads of one operation; results are repeatable for one number of them.').default(
    'auto',
  ),
  select: choice(
    ['last', 'miou'],
    'Which epoch of a stage is kept: the last, or the one with the best mean IoU on the evaluation split, which uses pixel labels.',
  ).default('last'),
  loss: lossSchema.prefault({}),
  stages: special(
    z.array(z.enum(stageNames)).min(1),
    'Stages to run, in their order.',
    `some of ${stageNames.join(', ')}`,
    { form: 'list' },
  ).default([...stageNames]),
  loader: loaderSchema.prefault({}),
  cams: camsSchema.prefault({}),
  masks: masksSchema.prefault({}),
}

const ofAll = sharedFields(' of every stage that has no value of its own')

/** Fields that may be given once for all stages; a stage's own field wins. */
export const shorthandFields = {
  epochs: ofAll.epochs.optional(),
  batch: ofAll.batch.optional(),
  lr: ofAll.lr.optional(),
  augment: ofAll.augment.optional(),
  maxSteps: ofAll.maxSteps.optional(),
}

/** Which kinds a config is of. */
export interface ConfigKinds {
  data: DatasetKind
  generator: GeneratorKind
}

/** The schema of a whole config with the given kinds. */
export function configSchema({ data, generator }: ConfigKinds) {
  const { preset, reference, out, seed, device, precision, threads, select, loss, stages, ...others } = general
  return z.strictObject({
    preset,
    reference,
    data: withKind(data),
    generator: generator.schema,
    clip: clipSchema.prefault({}),
    out,
    seed,
    device,
    precision,
    threads,
    select,
    loss,
    stages,
    ...Object.fromEntries(stageKinds.map(({ name, schema }) => [name, (schema as z.ZodObject).prefault({})])),
    ...others,
  })
}

/** The same with the fields that stand for all stages: what a person may give. */
export function givenSchema(kinds: ConfigKinds): z.ZodObject {
  return z.strictObject({ ...configSchema(kinds).shape, ...shorthandFields })
}

/** The types of `general`, for the type of a whole config. */
export type GeneralOptions = z.infer<z.ZodObject<typeof general>>

function withKind({ kind, schema }: DatasetKind): z.ZodObject {
  return z.strictObject({ kind: z.literal(kind).default(kind), ...schema.shape })
}

/** The notes of the fields of a config with the given kinds, by dotted path. */
export function notesWith(kinds: ConfigKinds): Map<string, FieldNote> {
  return new Map([...fieldsOf(givenSchema(kinds))].map(([field, { note }]) => [field, note]))
}

let notes: ReadonlyMap<string, FieldNote> | undefined

/** The notes of every field of any config. A field that kinds share under one name has the notes of each. */
export function allNotes(): ReadonlyMap<string, FieldNote> {
  notes ??= joinedNotes(generatorKinds)
  return notes
}

/** The notes of every field of a config with that kind of generator, whatever its data. */
export function notesOfGenerator(generator: GeneratorKind): Map<string, FieldNote> {
  const own = joinedNotes([generator])
  const kind = own.get('generator.kind')!
  return own.set('generator.kind', { ...kind, expected: oneOf(generatorKinds.map((each) => each.kind)) })
}

function joinedNotes(generators: readonly GeneratorKind[]): Map<string, FieldNote> {
  const found = new Map<string, FieldNote>()
  for (const data of datasetKinds as readonly DatasetKind[])
    for (const generator of generators)
      for (const [field, note] of notesWith({ data, generator })) found.set(field, joined(found.get(field), note))
  return found
}

/** The note of a field that kinds share under one name. */
export function joined(one: FieldNote | undefined, other: FieldNote): FieldNote {
  if (one === undefined || one.text.includes(other.text)) return one ?? other
  const expected = one.expected === other.expected ? one.expected : `${one.expected}; or ${other.expected}`
  return { ...one, text: `${one.text} Or: ${other.text}`, expected, form: one.form === other.form ? one.form : 'value' }
}
