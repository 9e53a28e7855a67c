import { z } from 'zod'
import { oneOf } from '../../base/count.js'
import { choice, path, whole } from '../../base/fields.js'
import { allNames, clipNames } from '../../weights/table.js'

/** The frozen CLIP. */
export const clipSchema = z.strictObject({
  path: path(
    'A CLIP with a vision transformer: ViT-B-32.pt of OpenAI, weights of open_clip or Hugging Face, an archive from scripts/clip/export.py; or a name that "semples weights" prints.',
    oneOf(['a file', ...clipNames]),
    { words: allNames },
  ).optional(),
  normalize: choice(
    ['generator', 'clip'],
    "Statistics that CLIP's pictures are normalised with: the generator's, as published, or CLIP's own.",
  ).default('generator'),
  activation: choice(
    ['quick_gelu', 'gelu'],
    'Activation of the blocks, for weights of which neither the file nor a config beside it tells. Default: as found there.',
  ).optional(),
  visionHeads: whole(
    1,
    'Attention heads of the image encoder, where neither the file nor a config beside it states them. Default: width / 64.',
  ).optional(),
  textHeads: whole(
    1,
    'Attention heads of the text encoder, where neither the file nor a config beside it states them. Default: width / 64.',
  ).optional(),
})

export type ClipOptions = z.infer<typeof clipSchema>
