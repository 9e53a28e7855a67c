import { SemplesError } from '../../base/error.js'
import type { FileAtHand } from './fileAtHand.js'
import type { Found } from './types.js'

/** Files that people have at hand in place of what they meant, by how they begin. */
const KNOWN: readonly { begins: RegExp | readonly string[]; what: string; hint: string }[] = [
  {
    begins: /^version https:\/\/git-lfs/,
    what: 'a pointer of Git LFS, a note of where the file lies, and not the file',
    hint: 'Fetch the file itself: git lfs pull, or download it with the browser.',
  },
  {
    begins: /^\s*<(!doctype html|html)/i,
    what: 'a web page',
    hint: 'A download that needs a login or a confirmation often gives its page in place of the file: download it again.',
  },
  { begins: /^GGUF/, what: 'a language model for llama.cpp (GGUF)', hint: 'semples has no use for it.' },
  {
    begins: ['\x89HDF\r\n'],
    what: 'an HDF5 file (weights of Keras, or MATLAB arrays)',
    hint: 'Weights: give those of PyTorch. Maps: write them with numpy.savez.',
  },
  {
    begins: /^MATLAB 5\.0/,
    what: 'a MATLAB file (.mat)',
    hint: 'Convert it: scipy.io.loadmat, then numpy.savez for maps, or Pillow for masks.',
  },
  {
    begins: /^.{2,4}.{0,60}(pytorch|onnx|tf2onnx|skl2onnx)/s,
    what: 'an ONNX program',
    hint: 'Give the weights that it was made of, as torch.save or safetensors write them.',
  },
  { begins: ['\x1f\x8b'], what: 'packed by gzip (.tar.gz, .gz)', hint: 'Unpack it, and inspect what is inside.' },
  { begins: /^.{257}ustar/s, what: 'a tar archive', hint: 'Unpack it (tar xf FILE), and inspect what is inside.' },
  {
    begins: ['7z\xbc\xaf', 'Rar!', 'BZh', '\xfd7zXZ'],
    what: 'a packed archive',
    hint: 'Unpack it, and inspect what is inside.',
  },
  { begins: ['PK\x03\x04'], what: 'a zip archive', hint: 'Unpack it, and inspect what is inside.' },
  { begins: /^%PDF/, what: 'a PDF', hint: 'semples has no use for it.' },
  {
    begins: ['\x7fELF', 'MZ\x90', '\xcf\xfa\xed\xfe'],
    what: 'a program or library of a machine',
    hint: 'semples has no use for it.',
  },
]

/** What semples itself writes besides. */
const OURS: readonly { begins: RegExp; found: Found }[] = [
  {
    begins: /^<!doctype html>.{0,400}<meta name="generator" content="semples"/is,
    found: { kind: 'report', what: 'the report of a run', notes: ['Open it in a browser.'] },
  },
  {
    begins: /^.{8,40}brain\.Event:2/s,
    found: { kind: 'report', what: 'an event file of TensorBoard', notes: ['Show it: tensorboard --logdir FOLDER.'] },
  },
]

export async function ours({ head }: FileAtHand): Promise<Found | undefined> {
  const text = head.toString('latin1', 0, 4096)
  return OURS.find(({ begins }) => begins.test(text))?.found
}

/** @throws SemplesError `SEMPLES_FILE_UNKNOWN` for a file that is known, and none of ours */
export async function foreign({ head, path }: FileAtHand): Promise<undefined> {
  const text = head.toString('latin1', 0, 4096)
  const known = KNOWN.find(({ begins }) =>
    begins instanceof RegExp ? begins.test(text) : begins.some((bytes) => text.startsWith(bytes)),
  )
  if (known === undefined) return undefined
  throw new SemplesError('SEMPLES_FILE_UNKNOWN', {
    message: `${path} is ${known.what}.`,
    file: path,
    hint: known.hint,
  })
}

/** The error for a file of which nothing is known. */
export function unknownFile({ head, path }: FileAtHand, cause?: unknown): SemplesError {
  const bytes = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const text = head.toString('latin1', 0, 16).replace(/[^ -~]/g, '.')
  return new SemplesError('SEMPLES_FILE_UNKNOWN', {
    message: `${path} is of no kind that semples has a use for: it begins with ${bytes} ("${text}").`,
    file: path,
    expected: 'weights, a run, score maps, a mask, labels, a picture, or a file that semples wrote',
    cause,
  })
}
