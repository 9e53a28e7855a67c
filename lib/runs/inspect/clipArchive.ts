import { FILES, textsOf } from '../../models/clipFile.js'
import type { WeightsDescription } from './description.js'

/** What a TorchScript archive is, by the names of modules and methods in it. */
export interface RecognisedArchive {
  /** Absent where nothing is recognised. */
  what?: string
  isClip: boolean
  activation?: WeightsDescription['activation']
  refused?: WeightsDescription['refused']
}

/** Methods that a CLIP has, in OpenAI's archives and in those of scripts/clip/export.py. */
const METHODS = ['def encode_image(', 'def encode_text(']

/** Reads pickle and code of an archive as texts; nothing is run. */
export async function recogniseClip(path: string): Promise<RecognisedArchive> {
  const texts = await textsOf(path)
  const has = (text: string) => texts.some((each) => each.includes(text))
  // Of the other files that are recognised an archive can only be a CLIP with another image tower.
  const other = FILES.find(({ what, signs }) => /ResNet|SigLIP/.test(what) && signs.every(has))
  if (other !== undefined)
    return {
      what: `${other.what}, as a TorchScript archive`,
      isClip: true,
      refused: { message: other.because, hint: other.hint },
    }
  if (!METHODS.every(has))
    return {
      isClip: false,
      refused: {
        message: 'It has no methods encode_image and encode_text, which a CLIP has.',
        hint: 'Give an OpenAI CLIP archive (ViT-B-32.pt) or one written by scripts/clip/export.py.',
      },
    }
  const byExport = has('def encode_embeddings(') || has('def embed_tokens(')
  return {
    what: byExport
      ? 'a CLIP, as scripts/clip/export.py writes it'
      : 'a CLIP with a vision transformer, as OpenAI published them',
    isClip: true,
    ...activationOf(has),
  }
}

/** By what the program calls. */
function activationOf(has: (text: string) => boolean): Pick<RecognisedArchive, 'activation'> {
  if (has('gelu(')) return { activation: { value: 'gelu', because: 'its program calls gelu' } }
  if (has('sigmoid('))
    return { activation: { value: 'quick_gelu', because: 'its program multiplies by a sigmoid, x * sigmoid(1.702 x)' } }
  return {}
}
