import { open } from 'node:fs/promises'
import { SemplesError } from '../base/error.js'
import { ZipArchive } from '../formats/zip.js'

/** Files that people give for a CLIP archive, told by names within them; the first whose signs are all there counts. */
export const FILES: readonly { what: string; signs: readonly string[]; because: string; hint: string }[] = [
  {
    what: 'a ResNet CLIP (RN50, RN101, RN50x4 and the like)',
    signs: ['attnpool'],
    because: 'The stages need a CLIP whose image tower is a vision transformer.',
    hint: 'Give ViT-B/32, ViT-B/16 or ViT-L/14: ViT-B-32.pt as OpenAI published it.',
  },
  {
    what: 'the weights of a SigLIP',
    signs: ['vision_model.', 'logit_bias'],
    because: 'It has another tokenizer than CLIP.',
    hint: 'Give an OpenAI CLIP archive (ViT-B-32.pt) or one written by scripts/clip/export.py.',
  },
  {
    what: 'the weights of a CLIP with the names of Hugging Face',
    signs: ['vision_model.encoder.layers'],
    because: 'They are no TorchScript archive.',
    hint: 'Write one: python scripts/clip/export.py --weights FILE --config config.json --out clip.pt, or give ViT-B-32.pt.',
  },
  {
    what: 'the weights of a CLIP with the names of OpenAI or open_clip',
    signs: ['visual.transformer.resblocks'],
    because: 'They are no TorchScript archive.',
    hint: 'Write one: python scripts/clip/export.py --weights FILE --out clip.pt (with --config for weights of LAION), or give ViT-B-32.pt.',
  },
  {
    what: 'the weights of a vision transformer (DeiT)',
    signs: ['cls_token', 'blocks.0.attn.qkv.weight'],
    because: 'A CLIP has a text tower too.',
    hint: 'Give it as generator.weights (--weights), and for clip ViT-B-32.pt.',
  },
]

/** Names of tensors stand at the beginning of a file that is no archive. */
const HEAD = 4 * 2 ** 20

/** What was opened as a CLIP and is none: the error says what the file is, where that is recognised. */
export async function clipError(cause: unknown, path: string): Promise<unknown> {
  if (!(cause instanceof SemplesError) || cause.code !== 'SEMPLES_CLIP_INVALID') return cause
  // The file that cannot be read is told by the error that there is.
  const texts = await textsOf(path).catch(() => [])
  const found = FILES.find(({ signs }) => signs.every((sign) => texts.some((text) => text.includes(sign))))
  if (found === undefined) return cause
  return new SemplesError('SEMPLES_CLIP_INVALID', {
    message: `${path} is ${found.what}. ${found.because}`,
    file: path,
    field: cause.field,
    hint: found.hint,
    cause,
  })
}

/** Where names of tensors and modules stand: the pickle and the code of an archive, the beginning of any other file. */
export async function textsOf(path: string): Promise<Buffer[]> {
  const handle = await open(path, 'r')
  let head: Buffer
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    head = buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
  if (head.toString('latin1', 0, 2) !== 'PK') return [head]
  const zip = await ZipArchive.open(path, path)
  try {
    const texts: Buffer[] = []
    for (const name of zip.paths) if (/(^|\/)data\.pkl$|\.py$/.test(name)) texts.push(Buffer.from(await zip.read(name)))
    return texts
  } finally {
    zip.close()
  }
}
