import type { PickleValue } from '../../formats/pickle/values.js'
import { activationOfCode, activationOfModules } from '../../models/clip/activation.js'
import { readArchiveTexts } from '../../models/clip/archive.js'
import { OTHER_CLIPS } from '../../models/clip/plan.js'
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

/** Reads structure and code of an archive as texts; nothing is run. */
export async function recogniseClip(path: string, program: PickleValue): Promise<RecognisedArchive> {
  const { code = [], structure = '' } = (await readArchiveTexts(path)) ?? {}
  const has = (text: string) => code.some((each) => each.includes(text))
  const other = OTHER_CLIPS.find(({ modules }) => modules?.some((name) => structure.includes(name)))
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
  const activation = activationOfCode(code) ?? activationOfModules(program)
  return {
    what: byExport
      ? 'a CLIP, as scripts/clip/export.py writes it'
      : 'a CLIP with a vision transformer, as OpenAI published them',
    isClip: true,
    ...(activation ? { activation } : {}),
  }
}
