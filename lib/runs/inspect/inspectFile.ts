import { stat } from 'node:fs/promises'
import { SemplesError } from '../../base/error.js'
import { entriesOf, isZip, torchWeights } from './archives.js'
import { FileAtHand, type Reader } from './fileAtHand.js'
import { folder } from './folder.js'
import { json } from './json.js'
import { foreign, foreignZip, ours, unknownFile } from './known.js'
import { labelsOrError, pictureList } from './labels.js'
import { arrays } from './maps.js'
import { mask } from './mask.js'
import { picture } from './picture.js'
import type { Found, Inspection } from './types.js'
import { safetensors } from './weights.js'

/** Readers of files, in the order in which they are asked: by how a file begins, never by its name. */
const READERS: readonly Reader[] = [ours, safetensors, torchWeights, archives, mask, picture, json, foreign, text]

/** `inspectFile` of the public API, documented in lib/api/inspect.ts. */
export async function inspectFile(path: string): Promise<Inspection> {
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: cause.code === 'ENOENT' ? `There is no file or folder ${path}.` : `Could not read ${path}: ${cause}.`,
      file: path,
      hint: 'Check the path and the permissions.',
      cause,
    })
  })
  if (status.isDirectory()) return inspection(path, await folder(path))
  // To open a pipe would wait until somebody writes to it.
  if (!status.isFile())
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `${path} is neither a file nor a folder, but a pipe, a socket or a device.`,
      file: path,
      hint: 'Save what comes from it as a file, and give that.',
    })
  const file = await FileAtHand.open(path)
  for (const read of READERS) {
    const found = await read(file)
    if (found !== undefined) return inspection(path, found)
  }
  throw unknownFile(file)
}

function inspection(path: string, { kind, what, facts = [], notes = [], ...rest }: Found): Inspection {
  return { path, kind, what, facts: facts.map(([name, text]) => ({ name, text })), notes: [...notes], ...rest }
}

/** Arrays and maps; an archive of something else is refused by what it holds. */
async function archives(file: FileAtHand): Promise<Found | undefined> {
  if (isZip(file)) {
    const names = [...(await entriesOf(file.path)).keys()]
    if (names.length > 0 && !names.some((name) => /\.npy$|(^|\/)data\.pkl$/.test(name)))
      return foreignZip(file.path, names)
  }
  return arrays(file)
}

/** Labels, or a list of pictures. */
async function text(file: FileAtHand): Promise<Found | undefined> {
  if (!looksLikeText(file.head)) return undefined
  const list = await pictureList(file)
  if (list !== undefined) return list
  return labelsOrError(file, 'a text')
}

/** Letters, without the bytes below a blank that no text has; UTF-16 has zeros in every second place. */
function looksLikeText(head: Buffer): boolean {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  return isUtf16 || !head.subarray(0, 4096).some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
}
