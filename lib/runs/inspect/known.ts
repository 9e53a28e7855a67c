import { SemplesError } from '../../base/error.js'
import { NOTHING, recogniseArchive, recogniseFile, START_BYTES } from '../../formats/notWeights.js'
import type { FileAtHand } from './fileAtHand.js'
import type { Found } from './types.js'

/** Beside those that the reader of weights recognises. */
const KNOWN: readonly { begins: string; what: string; hint: string | undefined }[] = [
  {
    begins: 'MATLAB 5.0',
    what: 'it is a MATLAB file (.mat)',
    hint: 'Convert it: scipy.io.loadmat, then numpy.savez for maps, or Pillow for masks.',
  },
  ...['\x7fELF', 'MZ\x90', '\xcf\xfa\xed\xfe'].map((begins) => ({
    begins,
    what: 'it is a program or library of a machine',
    hint: undefined,
  })),
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
export async function foreign({ head, path, size }: FileAtHand): Promise<undefined> {
  const text = head.toString('latin1', 0, START_BYTES)
  const known = KNOWN.find(({ begins }) => text.startsWith(begins))
  const { why, hint } =
    known === undefined
      ? recogniseFile(head.subarray(0, START_BYTES), size, path)
      : { why: known.what, hint: known.hint }
  if (why !== NOTHING) throw unknown(path, why, hint)
}

/** @throws SemplesError `SEMPLES_FILE_UNKNOWN` for a zip archive that holds neither weights nor arrays */
export async function foreignZip(path: string, paths: readonly string[]): Promise<never> {
  const { why, hint } = recogniseArchive(paths)
  throw unknown(path, why, hint)
}

function unknown(path: string, why: string, hint?: string): SemplesError {
  return new SemplesError('SEMPLES_FILE_UNKNOWN', {
    message: `semples has no use for ${path}: ${why}.`,
    file: path,
    hint,
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
