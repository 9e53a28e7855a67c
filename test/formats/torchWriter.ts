import { zipSync } from 'fflate'
import type { TensorData } from '../../lib/base/tensor.js'
import { named, opcodes, text } from './pickle/pickleWriter.js'

/** Writes what torch.save writes, for tests: tensors of one storage of six numbers. */

/** float32 [2, 3] in row-major order: 0 to 5. */
export const numbers = Buffer.from(Float32Array.from({ length: 6 }, (_, i) => i).buffer)
export const bytes = (...values: number[]) => Uint8Array.from(values)

/** A tensor of the storage "0" as torch rebuilds it, by an id of the file. */
export function tensor(shape = [2, 3], strides = [3, 1], offset = 0, storage = 'FloatStorage', count = 6): Uint8Array {
  const sizes = (values: readonly number[]) => opcodes('(', ...values.map((value) => opcodes('K', value)), 't')
  const id = opcodes('(', text('storage'), `ctorch\n${storage}\n`, text('0'), text('cpu'), 'K', count, 'tQ')
  const call = opcodes(
    '(',
    id,
    'K',
    offset,
    sizes(shape),
    sizes(strides),
    '\x89',
    named('collections.OrderedDict'),
    ')Rt',
  )
  return opcodes(named('torch._utils._rebuild_tensor_v2'), call, 'R')
}

/** A dictionary of values that are written already. */
export function dictionary(entries: Record<string, Uint8Array>): Uint8Array {
  return opcodes('}(', ...Object.entries(entries).flatMap(([name, value]) => [text(name), value]), 'u')
}

/** `torch.save` since 1.6. */
export function archive(
  root: Uint8Array,
  files: Record<string, Uint8Array> = { 'data/0': numbers },
  level: 0 | 9 = 0,
): Uint8Array {
  const pickle = { 'archive/data.pkl': opcodes('\x80\x02', root, '.') }
  const others = Object.entries(files).map(([name, content]) => [`archive/${name}`, content])
  return zipSync({ ...pickle, ...Object.fromEntries(others) }, { level })
}

/** `torch.save` before 1.6. */
export function legacy(root: Uint8Array): Uint8Array {
  const magic = opcodes('\x80\x02\x8a\x0a', bytes(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19), '.')
  const keys = opcodes('](', text('0'), 'e.')
  return opcodes(
    magic,
    '\x80\x02M\xe9\x03.',
    '\x80\x02}.',
    '\x80\x02',
    root,
    '.',
    keys,
    bytes(6, 0, 0, 0, 0, 0, 0, 0),
    numbers,
  )
}

export const two = { dtype: 'float32', shape: [2, 3], data: [0, 1, 2, 3, 4, 5] }

/** Tensors with their numbers as lists; Jest tells apart what other realms make. */
export function plain(tensors: Record<string, TensorData>) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data, ...rest }]) => [
      name,
      { ...rest, data: Array.from<unknown>(data as never) },
    ]),
  )
}
