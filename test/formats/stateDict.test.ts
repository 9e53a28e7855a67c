import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { zipSync } from 'fflate'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { readStateDict } from '../../lib/formats/stateDict.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'
import { named, opcodes, pickled, text, tuple } from './pickle/pickleWriter.js'
import { archive, bytes, dictionary, legacy, numbers, plain, tensor, two } from './torchWriter.js'

needs('python').test('what torch writes is what safetensors gives', async () => {
  const folder = await temporaryFiles({})
  await promisify(execFile)(python, [path.join(import.meta.dirname, 'stateDict.py'), folder])
  const files = (await readdir(folder)).filter((name) => name.endsWith('.pth'))
  expect(files.length).toBeGreaterThan(24)
  for (const file of files) {
    const read = await readStateDict(path.join(folder, file))
    const { tensors } = await readSafetensors(path.join(folder, file.replace('.pth', '.safetensors')))
    expect({ file, tensors: plain(read) }).toEqual({ file, tensors: plain(tensors) })
    for (const { data } of Object.values(read)) expect(data.byteLength).toBe(data.buffer.byteLength)
  }
  await expect(readStateDict(path.join(folder, 'script.pt'))).rejects.toMatchObject({
    code: 'SEMPLES_CHECKPOINT_INVALID',
    message: expect.stringMatching(/TorchScript/),
  })
  for (const [file, entry] of [
    ['model.pt'],
    ['model-old.pt'],
    ['model-beside.pt', /in its entry model a whole/],
  ] as const) {
    await expect(readStateDict(path.join(folder, file))).rejects.toMatchObject({
      code: 'SEMPLES_PICKLE_REFUSED',
      value: '__main__.Net',
      message: expect.stringMatching(/whole pickled model of class __main__\.Net.*Nothing of it was run.*state_dict/),
    })
    if (entry !== undefined) await expect(readStateDict(path.join(folder, file))).rejects.toThrow(entry)
  }
})

/** One of the numbers is another. */
function changed(content: Uint8Array): Uint8Array {
  const at = Buffer.from(content).indexOf(numbers)
  return content.map((byte, index) => (index === at + 7 ? byte ^ 1 : byte))
}

async function read(content: Uint8Array, name = 'weights.pth') {
  const folder = await temporaryFiles({ [name]: content })
  return readStateDict(path.join(folder, name))
}

describe('state dictionaries', () => {
  test.each([
    ['a zip archive', archive],
    ['a pickle of old', legacy],
  ] as const)('in %s, whatever it is called', async (_, write) => {
    for (const name of ['weights.pth', 'weights.pt', 'pytorch_model.bin', 'weights.safetensors', 'weights'])
      expect(plain(await read(write(dictionary({ w: tensor() })), name))).toEqual({ w: two })
  })

  test('in safetensors under another name', async () => {
    const folder = await temporaryFiles({})
    const file = path.join(folder, 'weights.pth')
    const data = Float32Array.of(1, 2)
    await writeSafetensors(file, { 'module.w': { dtype: 'float32', shape: [2], data } })
    expect(await readStateDict(file)).toEqual({ w: { dtype: 'float32', shape: [2], data } })
  })

  test('with the attributes that torch gives an OrderedDict', async () => {
    const metadata = opcodes('}', text('_metadata'), named('collections.OrderedDict'), ')Rsb')
    const ordered = opcodes(named('collections.OrderedDict'), ')R(', text('w'), tensor(), 'u', metadata)
    for (const write of [archive, legacy]) expect(plain(await read(write(ordered)))).toEqual({ w: two })
  })

  test.each(['model', 'state_dict', 'model_state_dict', 'module'])('within %s, and behind module.', async (wrapper) => {
    const inner = dictionary({ 'module.a': tensor(), 'module.b': tensor([3], [1], 3) })
    const content = archive(dictionary({ epoch: opcodes('K\x07'), best: tensor([], []), [wrapper]: inner }))
    expect(plain(await read(content))).toEqual({ a: two, b: { dtype: 'float32', shape: [3], data: [3, 4, 5] } })
  })

  test('a prefix that only some have is a name', async () => {
    const names = Object.keys(await read(archive(dictionary({ 'module.a': tensor(), b: tensor() }))))
    expect(names).toEqual(['module.a', 'b'])
  })

  test('tensors may be strided views that share a storage; entries that are no tensors are left out', async () => {
    const views = {
      transposed: tensor([3, 2], [1, 3]),
      column: tensor([2], [3], 2),
      scalar: tensor([], [], 4),
      note: text('made by'),
      keys: opcodes('](K\x01K\x02e'),
    }
    for (const write of [archive, legacy])
      expect(plain(await read(write(dictionary(views))))).toEqual({
        transposed: { dtype: 'float32', shape: [3, 2], data: [0, 3, 1, 4, 2, 5] },
        column: { dtype: 'float32', shape: [2], data: [2, 5] },
        scalar: { dtype: 'float32', shape: [], data: [4] },
      })
  })

  test.each([
    ['HalfStorage', 'float16', [0, 0x3c00, 0x4000]],
    ['BFloat16Storage', 'bfloat16', [0, 0x3f80, 0x4000]],
  ] as const)('%s keeps its bits, also from a machine of the other byte order', async (storage, dtype, data) => {
    const root = dictionary({ w: tensor([3], [1], 0, storage, 3) })
    const little = Buffer.from(Uint16Array.from(data).buffer)
    const expected = { w: { dtype, shape: [3], data: [...data] } }
    expect(plain(await read(archive(root, { 'data/0': little })))).toEqual(expected)
    const big = { 'data/0': Buffer.from(little).swap16(), byteorder: Buffer.from('big') }
    expect(plain(await read(archive(root, big)))).toEqual(expected)
  })

  test('of many axes, whose strides have a product beyond 2^53', async () => {
    // torch.arange(6).view(2, 1, 1, ..., 3): strides of axes of one element are what torch makes of them.
    const shape = [2, ...Array<number>(10).fill(1), 3]
    const strides = [3, ...Array<number>(10).fill(200), 1]
    const content = archive(dictionary({ w: tensor(shape, strides) }))
    expect(plain(await read(content))).toEqual({ w: { ...two, shape } })
  })

  test('only the storages of the weights are read', async () => {
    const other = opcodes('(', text('storage'), 'ctorch\nFloatStorage\n', text('1'), text('cpu'), 'K\x06tQ')
    const root = dictionary({ model: dictionary({ w: tensor() }), optimizer: other })
    // The numbers of storage 1 are not there at all.
    expect(plain(await read(archive(root)))).toEqual({ w: two })
  })
})

describe('refusals', () => {
  /** 255 x 255 numbers; their count takes two bytes. */
  const large = opcodes(
    named('torch._utils._rebuild_tensor'),
    opcodes(
      '((',
      text('storage'),
      'ctorch\nFloatStorage\n',
      text('0'),
      text('cpu'),
      'M',
      (255 * 255) & 0xff,
      (255 * 255) >> 8,
      'tQ',
    ),
    'K\x00(K\xffK\xfft(K\xffK\x01ttR',
  )
  const files: Record<string, [content: Uint8Array, code: string, message: RegExp]> = {
    nothing: [bytes(), 'SEMPLES_CHECKPOINT_INVALID', /it is empty/],
    'some other file': [Buffer.from('these are no tensors'), 'SEMPLES_CHECKPOINT_INVALID', /does not start like/],
    'an archive of NumPy': [zipSync({ 'w.npy': bytes(1) }), 'SEMPLES_CHECKPOINT_INVALID', /torch\.save did not write/],
    TorchScript: [
      archive(dictionary({ w: tensor() }), { 'constants.pkl': bytes() }),
      'SEMPLES_CHECKPOINT_INVALID',
      /TorchScript/,
    ],
    'no dictionary': [archive(tensor()), 'SEMPLES_CHECKPOINT_INVALID', /no dictionary of tensors/],
    'an empty dictionary': [
      archive(dictionary({})),
      'SEMPLES_CHECKPOINT_INVALID',
      /no tensor in its dictionary \(it is empty\)/,
    ],
    'no tensors': [
      archive(dictionary({ epoch: opcodes('K\x01') })),
      'SEMPLES_CHECKPOINT_INVALID',
      /no tensor.*\(epoch\)/,
    ],
    'wrappers without end': [
      archive(Array.from({ length: 6 }).reduce<Uint8Array>((inner) => dictionary({ model: inner }), tensor())),
      'SEMPLES_CHECKPOINT_INVALID',
      /no tensor.*\(model\)/,
    ],
    'a program': [
      archive(opcodes(named('os.system'), '(', text('true'), 'tR')),
      'SEMPLES_PICKLE_REFUSED',
      /os\.system/,
    ],
    'a program of old': [
      legacy(opcodes(named('os.system'), '(', text('true'), 'tR')),
      'SEMPLES_PICKLE_REFUSED',
      /os\.system/,
    ],
    'a program beside weights': [
      archive(
        dictionary({ model: dictionary({ w: tensor() }), x: opcodes(named('builtins.eval'), '(', text('1'), 'tR') }),
      ),
      'SEMPLES_PICKLE_REFUSED',
      /builtins\.eval/,
    ],
    'a program as a factory': [
      archive(opcodes(named('collections.defaultdict'), named('os.getcwd'), '\x85R')),
      'SEMPLES_PICKLE_REFUSED',
      /os\.getcwd/,
    ],
    'a tensor rebuilt by a program': [
      archive(
        opcodes(
          named('torch._tensor._rebuild_from_type_v2'),
          '(',
          named('torch.device'),
          named('torch.Tensor'),
          ')}tR',
        ),
      ),
      'SEMPLES_CHECKPOINT_INVALID',
      /not made of a tensor/,
    ],
    'numbers of another type': [
      archive(dictionary({ w: tensor([6], [1], 0, 'ShortStorage') }), { 'data/0': Buffer.alloc(12) }),
      'SEMPLES_CHECKPOINT_INVALID',
      /tensor w holds numbers of a type.*I16/,
    ],
    'no numbers': [archive(dictionary({ w: tensor() }), {}), 'SEMPLES_CHECKPOINT_INVALID', /storage 0 is missing/],
    'too few numbers': [
      archive(dictionary({ w: tensor() }), { 'data/0': numbers.subarray(4) }),
      'SEMPLES_CHECKPOINT_INVALID',
      /not of its size/,
    ],
    'a tensor beyond its storage': [
      archive(dictionary({ w: tensor([2, 3], [3, 1], 1) })),
      'SEMPLES_CHECKPOINT_INVALID',
      /storage of 6/,
    ],
    'an archive that unpacks to far more': [
      archive(dictionary({ w: tensor() }), { 'data/0': numbers, 'data/1': new Uint8Array(2 ** 24) }, 9),
      'SEMPLES_FILE_TOO_LARGE',
      /more than weights of its size/,
    ],
    'the same numbers again and again': [
      archive(dictionary(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`w${i}`, large]))), {
        'data/0': new Uint8Array(4 * 255 * 255),
      }),
      'SEMPLES_FILE_TOO_LARGE',
      /more than weights of its size/,
    ],
    'other bytes than were written': [
      changed(archive(dictionary({ w: tensor() }))),
      'SEMPLES_CHECKPOINT_INVALID',
      /cut off or damaged: .*data\/0 does not have its checksum/,
    ],
    'nothing but lists': [pickled([[1, 2], tuple()]), 'SEMPLES_CHECKPOINT_INVALID', /no dictionary/],
  }

  test.each(Object.entries(files))('%s', async (_, [content, code, message]) => {
    const file = path.join(await temporaryFiles({ 'weights.pth': content }), 'weights.pth')
    await expect(readStateDict(file)).rejects.toMatchObject({
      name: 'SemplesError',
      code,
      file,
      message: expect.stringMatching(message),
    })
  })

  test('a file that is not there', async () => {
    const file = path.join(await temporaryFiles({}), 'weights.pth')
    await expect(readStateDict(file)).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE', file })
  })

  test.each([
    ['zip', archive],
    ['old', legacy],
  ] as const)('%s, cut anywhere', async (_, write) => {
    const content = write(dictionary({ model: dictionary({ w: tensor() }) }))
    const folder = await temporaryFiles({})
    const file = path.join(folder, 'cut.pth')
    for (let length = 1; length < content.length; length += 3) {
      await writeFile(file, content.subarray(0, length))
      const failure = await readStateDict(file).catch((error: unknown) => error as Error)
      expect({ length, failure: failure.name }).toEqual({ length, failure: 'SemplesError' })
    }
  })
})
