import { SemplesError } from '../base/error.js'

/** Where to get what only the user can give. */
export const sources = {
  deit: 'https://dl.fbaipublicfiles.com/deit/deit_small_patch16_224-cd65a155.pth',
  clip: 'https://openaipublic.azureedge.net/clip/models/40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af/ViT-B-32.pt',
}

/** The errors for models that only the user can give, each with where to get it. */

export function weightsMissing(): SemplesError {
  return new SemplesError('SEMPLES_WEIGHTS_MISSING', {
    message: 'The mask generator needs weights to start from (generator.weights).',
    field: 'generator.weights',
    hint: `Fetch DeiT-S/16 (deit_small_patch16_224-cd65a155.pth, 88 MB) from ${sources.deit} and give the file as it is. Or, to try things out, ask for random weights: generator.weights = 'random'; masks then mean nothing.`,
  })
}

export function clipMissing(): SemplesError {
  return new SemplesError('SEMPLES_CLIP_MISSING', {
    message: 'The stages match, prompt and guide need a CLIP (clip).',
    field: 'clip',
    hint: `Fetch OpenAI's ViT-B/32 (ViT-B-32.pt, 354 MB) from ${sources.clip} , or write an archive from other weights with scripts/clip/export.py.`,
  })
}
