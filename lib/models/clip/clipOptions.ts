import { z } from 'zod'
import { choice, path, whole } from '../../base/fields.js'

/** The frozen CLIP. */
export const clipSchema = z.strictObject({
  path: path(
    "A CLIP with a vision transformer: OpenAI's ViT-B-32.pt, weights of open_clip or Hugging Face, or an archive from scripts/clip/export.py.",
    'a CLIP: a TorchScript archive or weights',
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
