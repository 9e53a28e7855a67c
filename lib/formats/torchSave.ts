import { writeAtomic } from '../base/atomic.js'
import { pickleForTorch, type TorchValue } from './pickle/write.js'
import { requireZipSize, storedZip } from './storedZip.js'

export type { TorchValue } from './pickle/write.js'

/** The folder in the archive; torch takes any. */
const ROOT = 'archive'
/** Where torch has the numbers of every tensor begin, so that a file can be mapped into memory. */
const ALIGNMENT = 64
/** Of the layout that `torch.save` writes since torch 1.6. */
const VERSION = '3\n'

/**
 * Writes a value as `torch.save` does: a zip archive whose files are not compressed, `data.pkl` with the value and
 * `data/0`, `data/1`, ... with the numbers of its tensors. `torch.load(path, weights_only=True)` reads it, also with
 * `mmap=True`. Atomic; an older file of that name is replaced. No tensor is copied.
 *
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` naming a tensor whose fields contradict each other, or for more than
 *   4 GiB; `SEMPLES_WRITE_FAILED`
 */
export async function writeTorch(path: string, value: TorchValue): Promise<void> {
  const { bytes, tensors } = pickleForTorch(value)
  const size = tensors.reduce((sum, { data }) => sum + data.byteLength, bytes.length)
  requireZipSize(size, path, 'Write safetensors instead, which has no such limit.')
  const files: [string, () => Uint8Array][] = [
    ['data.pkl', () => bytes],
    ['byteorder', () => Buffer.from('little')],
    ...tensors.map(({ data }, index): [string, () => Uint8Array] => [
      `data/${index}`,
      () => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ]),
    ['version', () => Buffer.from(VERSION)],
  ]
  const entries = files.map(([name, content]) => ({ name: `${ROOT}/${name}`, bytes: content }))
  await writeAtomic(path, await storedZip(entries, { align: ALIGNMENT }))
}
