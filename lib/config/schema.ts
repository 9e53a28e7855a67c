import { z } from 'zod'
import {
  choice,
  type FieldNote,
  fieldsOf,
  flag,
  path,
  positive,
  share,
  special,
  weight,
  whole,
  wholeOrAuto,
} from '../base/fields.js'
import type { DataSpec } from './data.js'
import { type DeviceName, stageNames, type TrainConfigInput } from './types.js'

/** Every field that a config may have, each with its check and its note. */

const folderData = z.strictObject({
  folder: path('Folder of pictures, with a labels file or one sub-folder a class.', 'a folder'),
  labels: path(
    'Labels file, CSV (file,labels) or JSON; in VOC 2012 for pictures without an XML file.',
    'a CSV or JSON file',
  ),
  classes: path('classes.json with ids, labels, prompts and colours.', 'a JSON file'),
  masks: path('Folder with ground-truth masks, opened by evaluation alone.', 'a folder'),
})

const voc2012Data = z.strictObject({
  voc2012: path('The folder VOCdevkit/VOC2012.', 'a folder'),
  trainSplit: path('List to train on, by name or path.', 'a list such as train, or its path'),
  evalSplit: path('List to evaluate on, by name or path.', 'a list such as val, or its path'),
  labels: path(
    'Labels file, CSV (file,labels) or JSON; in VOC 2012 for pictures without an XML file.',
    'a CSV or JSON file',
  ),
  masks: path('Folder with ground-truth masks, opened by evaluation alone.', 'a folder'),
})

const coco2014Data = z.strictObject({
  coco2014: path('The folder with annotations/, train2014/, val2014/.', 'a folder'),
  trainList: path('File that lists the pictures to train on.', 'a text file'),
  evalList: path('File that lists the pictures to evaluate on.', 'a text file'),
  classes: special(
    z.union([z.literal(80), z.literal(90)]),
    'The 80 annotated classes, or 90 category ids.',
    '80 or 90',
  ),
  crowd: choice(['class', 'void'], 'What crowd regions become in masks.'),
})

/** What can be set for one stage, and for all. */
const generalFields = (of: string) => ({
  epochs: whole(1, `Passes over the training pictures${of}.`, { unit: 'epochs' }),
  batch: whole(1, `Pictures a step${of}.`, { unit: 'pictures' }),
  lr: positive(`Base learning rate${of}; the effective rate is lr * batch / 512.`, { unit: 'per 512 pictures' }),
  augment: choice(
    ['reference', 'light', 'none'],
    `What pictures go through${of}: the published recipe; crop, flip and light colour changes; or nothing.`,
  ),
  maxSteps: whole(1, `Ends every epoch${of} after so many steps, for trials.`, { unit: 'steps' }),
})

const stageFields = {
  ...generalFields(''),
  weightDecay: weight('Decoupled weight decay of AdamW.'),
  gradientClip: weight('Largest norm of all gradients together; 0: any.'),
  maskEpsilon: positive('Added to the range of a map when it is scaled to a mask.'),
}

const trained = choice(['head', 'all'], 'What is trained: CAM head and attention fusion, or the whole generator.')
const backgroundText = weight("Weight of the term that keeps the background away from the label's text.")
const classification = weight('Weight of the classification terms of stage classify.')

const shape = {
  preset: choice(['voc2012', 'coco2014', 'demo', 'none'], 'Recipe that the defaults come from.'),
  reference: flag('Published behaviour throughout.'),
  generator: z
    .strictObject({
      kind: choice(['weaktr'], 'Kind of mask generator.'),
      weights: path(
        'Weights to start from, or random.',
        'a safetensors file or state dictionary (.pth, .pt), or random',
      ),
      imageSize: whole(1, 'Side of the square training pictures.', { unit: 'pixels' }),
      patchSize: whole(1, 'Side of a patch.', { unit: 'pixels' }),
      width: whole(1, 'Width of the token vectors.'),
      depth: whole(1, 'Transformer blocks.'),
      heads: whole(1, 'Attention heads of a block.'),
      mlpRatio: positive("Hidden width of a block's MLP, as a multiple of width."),
      fusionReduction: whole(1, 'Attention fusion: heads * depth over its hidden width.'),
      fusionFeatureReduction: whole(1, 'Attention fusion: head width over the hidden width of a feature.'),
      fusionPool: choice(['max', 'mean'], 'Attention fusion: how features are pooled over the tokens.'),
      maps: choice(['refined', 'plain'], 'Which maps become masks: attention-refined CAMs, or plain CAMs.'),
      dropPath: share('Drop-path rate of the last block.', { below: true }),
    })
    .optional(),
  clip: z
    .strictObject({
      path: path('TorchScript archive of CLIP, such as ViT-B-32.pt.', 'a TorchScript archive'),
      normalize: choice(['generator', 'clip'], "Whose statistics CLIP's pictures are normalised with."),
      visionHeads: whole(1, 'Attention heads of the image encoder.'),
      textHeads: whole(1, 'Attention heads of the text encoder.'),
    })
    .optional(),
  out: path('Folder that the run is written to: new or empty.', 'a folder'),
  seed: whole(0, 'Of everything random.'),
  device: special(
    z.custom<DeviceName>((value) => typeof value === 'string' && /^(auto|cpu|cuda(:\d+)?)$/.test(value)),
    'Where to compute.',
    'auto, cpu, cuda or cuda:<number>',
    { form: 'text' },
  ),
  threads: wholeOrAuto('Processor threads of one operation.'),
  select: choice(['last', 'miou'], 'Which epoch is kept: the last, or the best by pixel labels.'),
  loss: z
    .strictObject({ form: choice(['log', 'cosine'], 'Logarithms of similarities, or the similarities.') })
    .optional(),
  stages: special(
    z.array(z.enum(stageNames)).min(1),
    'Stages to run, in their order.',
    `some of ${stageNames.join(', ')}`,
    {
      form: 'list',
    },
  ),
  ...generalFields(' of every stage that has no value of its own'),
  classify: z.strictObject(stageFields).optional(),
  match: z.strictObject({ ...stageFields, backgroundText, classification, train: trained }).optional(),
  prompt: z
    .strictObject({
      ...stageFields,
      length: whole(1, 'Learned vectors a prompt.'),
      textPrompt: weight('Weight of the term that keeps the prompt away from the class.'),
      repel: choice(['text', 'foreground', 'both'], 'What the prompt is kept away from.'),
      deviation: weight('Standard deviation that prompts start with; 0: uniform in 0..1.'),
    })
    .optional(),
  refine: z
    .strictObject({
      ...stageFields,
      backgroundText,
      foregroundPrompt: weight('Weight of the term that keeps the foreground away from the learned prompt.'),
      classification,
      train: trained,
    })
    .optional(),
  loader: z
    .strictObject({
      resample: choice(['fast', 'exact'], "How training pictures are resized: sharp's way, or Pillow's byte for byte."),
      prefetch: whole(1, 'Batches made ahead of the one in use.', { unit: 'batches' }),
      concurrency: wholeOrAuto('Pictures decoded at a time.'),
      cacheMegabytes: weight('Memory for decoded pictures.', { unit: 'megabytes' }),
      unreadable: choice(['error', 'skip'], 'What an unreadable picture does.'),
    })
    .optional(),
  cams: z
    .strictObject({
      scales: special(
        z.array(z.number().gt(0)).min(1),
        'Picture sizes to sum maps over; the first is 1.',
        'numbers above 0, the first 1',
        {
          form: 'list',
          unit: 'of the original size',
        },
      ),
      flip: flag('Also run the mirrored picture.'),
      maxSide: whole(16, 'Longer pictures are shrunk to this before maps are made.', { unit: 'pixels' }),
      resample: choice(['fast', 'exact'], "How pictures are resized: sharp's way, or Pillow's byte for byte."),
    })
    .optional(),
  masks: z.strictObject({ threshold: share('Where no map is higher, it is background.') }).optional(),
}

/** The kinds of data by the key that names them. */
export const dataSchemas = { folder: folderData, voc2012: voc2012Data, coco2014: coco2014Data }

/** The schema of a config whose data is of the given kind. */
export function inputSchema(kind: keyof typeof dataSchemas = 'folder') {
  return z.strictObject({ ...shape, data: dataSchemas[kind].optional() })
}

type Parsed = Omit<z.infer<ReturnType<typeof inputSchema>>, 'data'> & { data?: DataSpec }
// Fails to compile where the schema and the documented type come apart.
const same: (value: Parsed) => Omit<TrainConfigInput, 'clip'> & { clip?: object } = (value) => value
void same

/** Every field of a config whose data is of the given kind, by its dotted path. */
export function fieldsWith(kind: keyof typeof dataSchemas): Map<string, FieldNote> {
  return fieldsOf(inputSchema(kind))
}

let fields: Map<string, FieldNote> | undefined

/** Every field of any config by its dotted path. */
export function allFields(): Map<string, FieldNote> {
  fields ??= new Map([...fieldsWith('folder'), ...fieldsWith('voc2012'), ...fieldsWith('coco2014')]).set(
    'data.classes',
    {
      text: 'classes.json of a folder; for COCO 2014 its 80 annotated classes, or 90 category ids.',
      expected: 'a JSON file; for coco2014 80 or 90',
      form: 'value',
    },
  )
  return fields
}
