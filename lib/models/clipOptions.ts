import { z } from 'zod'
import { oneOf } from '../base/count.js'
import { choice, path, whole } from '../base/fields.js'
import { allNames, clipNames } from '../weights/table.js'

/** The frozen CLIP. */
export const clipSchema = z.strictObject({
  path: path(
    'TorchScript archive of CLIP: OpenAI\'s ViT-B-32.pt, or one from scripts/clip/export.py; or a name that "semples weights" prints.',
    oneOf(['a TorchScript archive', ...clipNames]),
    { words: allNames },
  ).optional(),
  normalize: choice(
    ['generator', 'clip'],
    "Statistics that CLIP's pictures are normalised with: the generator's, as published, or CLIP's own.",
  ).default('generator'),
  visionHeads: whole(
    1,
    'Attention heads of the image encoder, for archives that do not state them. Default: width / 64.',
  ).optional(),
  textHeads: whole(
    1,
    'Attention heads of the text encoder, for archives that do not state them. Default: width / 64.',
  ).optional(),
})

export type ClipOptions = z.infer<typeof clipSchema>
