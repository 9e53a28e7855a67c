import { SemplesError } from '../base/error.js'
import { fetchHint } from '../weights/words.js'
import { kindOfGenerator } from './generators/kinds.js'

/** The errors for models that only the user can give, each with where to get it. */

/** @param kind name of the kind of mask generator; default: the default kind */
export function weightsMissing(kind?: unknown): SemplesError {
  return new SemplesError('SEMPLES_WEIGHTS_MISSING', {
    message: 'The mask generator needs weights to start from (generator.weights).',
    field: 'generator.weights',
    hint: `${kindOfGenerator(kind).origin} Or, to try things out, ask for random weights: generator.weights = 'random'; masks then mean nothing.`,
  })
}

export function clipMissing(): SemplesError {
  return new SemplesError('SEMPLES_CLIP_MISSING', {
    message: 'The stages match, prompt and guide need a CLIP (clip).',
    field: 'clip',
    hint: `${fetchHint('clip-vit-b-32', "OpenAI's ViT-B/32", 'clip')} Or write an archive from other weights with scripts/clip/export.py; for the preset photos, scripts/clip/photos.py makes one of the pictures (docs/photographs.md). Without a CLIP the first stage can be trained alone: stages: ['classify'] (--stages classify).`,
  })
}
