import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { unzipSync, zipSync } from 'fflate'
import { type CamFile, type CamFileOptions, decodeCamFile, readCamFile } from '../../../lib/formats/camFile/camFile.js'
import { encodeNpy } from '../../../lib/formats/npy.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { needs } from '../../support/needs.js'
import { python } from '../../support/python.js'
import { pickled, tuple } from '../pickle/pickleWriter.js'
import { ARCHIVES, archivedFiles, expectedMaps, freshFiles } from './archives.js'

const CLASSES = [0, 3, 6]

/** What every file of make.py must give, by its name. */
function expected(name: string): { classes?: number[]; entry?: string; background?: boolean; values?: number[] } {
  const stem = name.replace(/\.\w+$/, '').replace(/-\d$/, '')
  const values = expectedMaps(/[iu](nt)?\d+$/.test(stem))
  if (stem === 'ordered')
    return { classes: [6, 3, 0], values: [2, 1, 0].flatMap((c) => values.slice(6 * c, 6 * c + 6)) }
  if (/^classes|^numpy-keys|^dictionary/.test(stem)) return { classes: CLASSES, values }
  if (stem === 'array') return name.endsWith('.npz') ? { entry: 'some_name', values } : { values }
  if (stem.startsWith('array')) return { values }
  if (stem === 'padded') return { classes: [3, 6], entry: 'high_res', background: true, values }
  if (stem === 'clip-es') return { classes: CLASSES, entry: 'attn_highres', values }
  if (stem === 'fortran') return { classes: CLASSES, entry: 'scores', values }
  if (stem === 'torch-view') return { classes: CLASSES, entry: 'cam', values }
  if (/^irn|^keys/.test(stem)) return { classes: CLASSES, entry: 'high_res', values }
  if (stem === 'torch' || stem === 'torch-old') return { classes: CLASSES, entry: 'cams', values }
  if (stem.startsWith('torch-')) return { entry: 'cam', values }
  throw new Error(`make.py writes ${name}, of which nothing is known here`)
}

function check(name: string, cam: CamFile): void {
  const { classes, entry, background = false, values } = expected(name)
  // Arrays of an archive have names; keys of dictionaries are numbers.
  const named = name.startsWith('classes') && name.endsWith('.npz')
  const ids = classes?.map((key) => (named ? key : key + 1))
  const count = name === 'array-2d.npy' ? 1 : 3
  expect({ name, ...cam, maps: { ...cam.maps, data: [...cam.maps.data] } }).toEqual({
    name,
    classes,
    entry,
    background,
    named,
    ...(ids === undefined ? {} : { classIds: background ? [0, ...ids] : ids }),
    maps: { dtype: 'float32', shape: [count, 2, 3], data: values!.slice(0, count * 6) },
  })
}

describe('what NumPy and torch wrote', () => {
  test.each([
    ['python2', 48],
    ['numpy1.26', 67],
    ['numpy2-torch2.13', 92],
    ['torch1.4', 84],
  ] as const)('%s', async (archive, count) => {
    const files = await archivedFiles(archive)
    expect(files.size).toBe(count)
    for (const [name, bytes] of files) check(name, await decodeCamFile(bytes, name))
  })

  needs('python').test('by the Python at hand', async () => {
    const files = await freshFiles(python)
    expect(files.size).toBeGreaterThan(60)
    for (const [name, bytes] of files) check(name, await decodeCamFile(bytes, name))
  })

  test('from the disk, whatever the file is called', async () => {
    const files = await archivedFiles('numpy2-torch2.13')
    const names = ['classes-saved.npy', 'keys.npz', 'torch.pt', 'irn-torch-2.npy', 'classes-4.pkl']
    const folder = await temporaryFiles(Object.fromEntries(names.map((name) => [`${name}.bin`, files.get(name)!])))
    for (const name of names) check(name, await readCamFile(path.join(folder, `${name}.bin`)))
  })
})

describe('numbers', () => {
  test('half floats: subnormal, largest, infinite, not a number, a third', async () => {
    // IEEE 754: (1 + fraction / 1024) * 2 ** (exponent - 15), fraction * 2 ** -24 below 2 ** -14
    const data = Uint16Array.of(0x0001, 0x83ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000, 0x3555)
    const cam = await decodeCamFile(encodeNpy({ dtype: 'float16', shape: [1, 9], data }), 'x.npy')
    const values = [2 ** -24, -1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, Number.NaN, -0, 1365 / 4096]
    expect([...cam.maps.data]).toEqual(values)
  })

  test('torch archives of the other byte order', async () => {
    const files = unzipSync((await archivedFiles('numpy2-torch2.13')).get('torch.pt')!)
    const swapped = Object.entries(files).map(([name, bytes]) => {
      if (name.endsWith('/byteorder')) return [name, Buffer.from('big')]
      const copy = Buffer.from(bytes)
      if (/data\/\d+$/.test(name)) bytes.length === 72 ? copy.swap32() : copy.swap64()
      return [name, copy]
    })
    check('torch.pt', await decodeCamFile(zipSync(Object.fromEntries(swapped)), 'x.pt'))
  })

  test('torch tensors may start anywhere in their storage, but not leave it or repeat it', async () => {
    const files = await archivedFiles('numpy2-torch2.13')
    const bytes = Buffer.from(files.get('torch-view-2.pkl')!)
    // Of "larger[1:]": offset 6, sizes (3, 2, 3), strides (6, 1, 2) in a storage of 24.
    const view = Buffer.from('4b064b034b024b0387', 'hex')
    const strides = Buffer.from('4b064b014b0287', 'hex')
    expect([bytes.indexOf(view), bytes.indexOf(strides)]).not.toContain(-1)
    const damaged = async (at: number, value: number) => {
      const copy = Buffer.from(bytes)
      copy[at] = value
      return decodeCamFile(copy, 'x.pkl')
    }
    const first = async (cam: Promise<CamFile>) => (await cam).maps.data[0]
    expect(await first(damaged(bytes.indexOf(view) + 1, 6))).toBe(-1)
    expect(await first(damaged(bytes.indexOf(view) + 1, 0))).toBe(0)
    for (const [at, value] of [
      [bytes.indexOf(view) + 1, 7],
      [bytes.indexOf(view) + 3, 4],
      [bytes.indexOf(strides) + 1, 7],
    ] as const) {
      await expect(damaged(at, value)).rejects.toMatchObject({
        code: 'SEMPLES_PICKLE_INVALID',
        message: expect.stringMatching(/a torch tensor of \d+ numbers has a storage of 24/),
      })
    }
    const repeated = Buffer.from(bytes)
    repeated.fill(0, bytes.indexOf(strides) + 1, bytes.indexOf(strides) + 2)
    repeated[bytes.indexOf(view) + 3] = 5
    await expect(decodeCamFile(repeated, 'x.pkl')).rejects.toMatchObject({ code: 'SEMPLES_PICKLE_INVALID' })
  })
})

describe('choosing', () => {
  test('entry takes another array, or one class', async () => {
    const files = await archivedFiles('numpy1.26')
    const small = await decodeCamFile(files.get('irn-2.npy')!, 'irn.npy', { entry: 'cam' })
    expect(small).toMatchObject({ classes: CLASSES, entry: 'cam', maps: { shape: [3, 1, 2] } })
    expect([...small.maps.data]).toEqual(Array.from({ length: 6 }, () => 99))
    const one = await decodeCamFile(files.get('classes-4.npy')!, 'weaktr.npy', { entry: '6' })
    expect(one).toMatchObject({ classes: [6], entry: '6', maps: { shape: [1, 2, 3] } })
    expect([...one.maps.data]).toEqual(expectedMaps(false).slice(12))
  })

  test('an archive keeps the order of its arrays; a background comes first', async () => {
    const file = archive({ class_12: map(1), class_3: map(2), bg: map(3) })
    const cam = await decodeCamFile(file, 'a.npz')
    expect(cam).toMatchObject({ classes: [12, 3], background: true, maps: { shape: [3, 1, 1] } })
    expect([...cam.maps.data]).toEqual([3, 1, 2])
  })

  test('a first class -1 is the background, a first class 0 may be an object', async () => {
    const of = (first: number) => decodeCamFile(archive({ keys: ids(first, 4), cam: map(1, 2) }), 'a.npz')
    expect(await of(-1)).toMatchObject({ classes: [-1, 4], background: true })
    expect(await of(0)).toMatchObject({ classes: [0, 4], background: false })
  })

  test('a picture without a class', async () => {
    const cam = await decodeCamFile(archive({ keys: ids(), cam: map() }), 'a.npz')
    expect(cam).toEqual({
      classes: [],
      classIds: [],
      background: false,
      named: false,
      maps: { dtype: 'float32', shape: [0, 0, 0], data: new Float32Array(0) },
    })
  })

  test('class ids: one more than an index, the name of an array, or what is asked for', async () => {
    const idsOf = async (bytes: Uint8Array, options?: CamFileOptions) =>
      (await decodeCamFile(bytes, 'a.bin', options)).classIds
    const keys = archive({ keys: ids(-1, 0, 4), cam: map(1, 2, 3) })
    expect(await idsOf(keys)).toEqual([0, 1, 5])
    expect(await idsOf(keys, { classOffset: 10 })).toEqual([0, 10, 14])
    const names = archive({ bg: map(1), class_0: map(2), class_4: map(3) })
    expect(await idsOf(names)).toEqual([0, 0, 4])
    expect(await idsOf(names, { classOffset: 1 })).toEqual([0, 1, 5])
    expect(await idsOf(names, { classes: [7, 8, 9] })).toEqual([7, 8, 9])
    expect(await idsOf(pickled(new Map([[4, map32(1)]])))).toEqual([5])
    expect(await idsOf(pickled(new Map([['4', map32(1)]])))).toEqual([4])
    expect(await idsOf(encoded([2, 1, 1], [1, 2]))).toBeUndefined()
    expect(await idsOf(encoded([2, 1, 1], [1, 2]), { classes: [0, 300] })).toEqual([0, 300])
    expect(await idsOf(encoded([0, 1, 1], []))).toEqual([])
  })

  test('a list of maps', async () => {
    const cam = await decodeCamFile(pickled([map32(1), map32(2)]), 'a.pkl')
    expect(cam).toMatchObject({ background: false, maps: { shape: [2, 1, 1] } })
    expect([...cam.maps.data]).toEqual([1, 2])
  })
})

test.each([
  ['dictionary', () => pickled(new Map())],
  ['archive', () => archive({})],
])('an empty %s is a picture without classes', async (_, bytes) => {
  const { classes, maps } = await decodeCamFile(bytes(), 'x.bin')
  expect([classes, maps.shape, maps.data.length]).toEqual([[], [0, 0, 0], 0])
})

describe('refusals', () => {
  const files: Record<string, [bytes: () => Uint8Array, message: RegExp, options?: CamFileOptions]> = {
    'maps of two sizes': [
      () => archive({ '0': grid(2, 2), '1': grid(2, 3) }),
      /differ in size: map 0 is 2 by 2, map 1 is 2 by 3.*Resize/,
    ],
    'keys that do not fit': [() => archive({ keys: ids(1, 2, 3, 4), cam: map(1, 2) }), /cam has 2 maps, keys has 4/],
    'a key twice': [() => archive({ keys: ids(1, 1), cam: map(1, 2) }), /each once/],
    'a class twice': [() => archive({ '1': map(1), class_1: map(2) }), /class 1 is there twice/],
    'fractions as keys': [
      () =>
        pickled(
          new Map<unknown, unknown>([
            ['keys', [0.5]],
            ['cam', map32(1)],
          ]),
        ),
      /class ids/,
    ],
    'texts as keys': [
      () =>
        pickled(
          new Map<unknown, unknown>([
            ['keys', ['a']],
            ['cam', map32(1)],
          ]),
        ),
      /class ids/,
    ],
    'no array': [() => pickled(new Map([['a', 1]])), /which of a are the maps/],
    'several arrays': [() => archive({ a: map(1), b: map(2) }), /named a, b, and which classes.*classTable.*entry/],
    'classes and more': [() => archive({ '0': map(1), depth: map(2) }), /which of 0, depth/],
    'numbers and texts as classes': [
      () =>
        pickled(
          new Map<unknown, unknown>([
            [1, map32(1)],
            ['2', map32(2)],
          ]),
        ),
      /some of its classes are numbers, some are texts/,
    ],
    'other classes than maps': [() => archive({ '0': map(1) }), /1 maps, and 2 classes/, { classes: [3, 4] }],
    'a class that is no array': [() => pickled(new Map([[0, 'text']])), /0 is no array/],
    'a vector': [() => archive({ cam2: encoded([3], [1, 2, 3]) }), /which of cam2/],
    'an array of five axes': [() => encoded([1, 1, 1, 1, 1], [1]), /\[1, 1, 1, 1, 1\], not \[maps, height, width\]/],
    'a batch of two': [() => encoded([2, 1, 1, 1], [1, 2]), /\[2, 1, 1, 1\], not/],
    'no pixel': [() => encoded([3, 0, 4], []), /without a pixel/],
    'a text': [() => pickled('text'), /no array in it/],
    'some other file': [() => Buffer.from('GIF89a'), /no \.npy array, \.npz archive, pickle/],
    'an empty file': [() => new Uint8Array(0), /no \.npy array/],
    'an entry that is not there': [
      () => archive({ '0': map(1) }),
      /no array named "x".*entry.*one of 0/,
      { entry: 'x' },
    ],
    'an entry of an array': [() => encoded([1, 1], [1]), /no array named "cam".*without a name/, { entry: 'cam' }],
  }

  test.each(Object.entries(files))('%s', async (_, [bytes, message, options]) => {
    await expect(decodeCamFile(bytes(), 'x.bin', options)).rejects.toMatchObject({
      name: 'SemplesError',
      code: 'SEMPLES_CAM_INVALID',
      file: 'x.bin',
      message: expect.stringMatching(message),
    })
  })

  test('more numbers than the limit, in maps and in an archive', async () => {
    const two = archive({ '0': grid(2, 2), '1': grid(2, 2) })
    expect((await decodeCamFile(two, 'x.npz', { maxElements: 8 })).maps.data).toHaveLength(8)
    await expect(decodeCamFile(two, 'x.npz', { maxElements: 7 })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_TOO_LARGE',
      expected: '7 numbers at most',
    })
    const zeros = zipSync({
      'a.npy': encoded(
        [1, 1024, 1024],
        Array.from({ length: 2 ** 20 }, () => 0),
      ),
    })
    expect(zeros.length).toBeLessThan(10_000)
    await expect(decodeCamFile(zeros, 'x.npz', { maxElements: 10 })).rejects.toMatchObject({
      code: 'SEMPLES_NPY_INVALID',
      message: expect.stringMatching(/unpacks to more than/),
    })
  })

  test('one class shared by many keys counts every time', async () => {
    const shared = map32(1)
    const many = pickled(new Map(Array.from({ length: 100 }, (_, key) => [key, shared])))
    expect((await decodeCamFile(many, 'x.pkl', { maxElements: 100 })).maps.shape).toEqual([100, 1, 1])
    await expect(decodeCamFile(many, 'x.pkl', { maxElements: 99 })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_TOO_LARGE',
    })
  })

  test('absent and damaged files, and complex numbers', async () => {
    const folder = await temporaryFiles({})
    const file = path.join(folder, 'cam.npy')
    await expect(readCamFile(file)).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE', file })
    await writeFile(file, encoded([2, 2], [1, 2, 3, 4]).subarray(0, -1))
    await expect(readCamFile(file)).rejects.toMatchObject({ code: 'SEMPLES_NPY_INVALID', file })
    const complex = Buffer.from(encoded([1, 2], [1, 2]))
      .toString('latin1')
      .replace('<f4', '<c8')
    await expect(decodeCamFile(Buffer.from(complex, 'latin1'), 'c.npy')).rejects.toMatchObject({
      code: 'SEMPLES_NPY_DTYPE',
    })
  })

  test('an archive that announces four billion files', async () => {
    // PKWARE's APPNOTE: the zip64 end of the directory has its entries at 24 and 32, the end 0xffff at 8 and 10.
    const zip64 = Buffer.alloc(56)
    zip64.writeUInt32LE(0x06064b50, 0)
    zip64.writeBigUInt64LE(44n, 4)
    zip64.writeBigUInt64LE(2n ** 32n - 1n, 24)
    zip64.writeBigUInt64LE(2n ** 32n - 1n, 32)
    const locator = Buffer.alloc(20)
    locator.writeUInt32LE(0x07064b50, 0)
    locator.writeBigUInt64LE(4n, 8)
    const end = Buffer.alloc(22)
    end.writeUInt32LE(0x06054b50, 0)
    end.fill(0xff, 8, 20)
    const file = Buffer.concat([Buffer.from('PK\x03\x04'), zip64, locator, end])
    await expect(decodeCamFile(file, 'x.npz')).rejects.toMatchObject({ code: 'SEMPLES_NPY_INVALID', file: 'x.npz' })
  })

  test.each(ARCHIVES)('files of %s cut anywhere', async (name) => {
    const files = await archivedFiles(name)
    for (const file of ['irn-2.npy', 'fortran-0.pkl', 'classes.npz', 'torch-old.pt', 'irn-torch-1.npy']) {
      const bytes = files.get(file)
      if (bytes === undefined) continue
      for (let length = 0; length < bytes.length; length += file.endsWith('.npz') ? 7 : 1) {
        const failure = await decodeCamFile(bytes.subarray(0, length), file).catch((error: unknown) => error)
        expect({ file, length, name: (failure as Error).name }).toEqual({ file, length, name: 'SemplesError' })
      }
    }
  })
})

function encoded(shape: number[], values: number[]): Uint8Array {
  return encodeNpy({ dtype: 'float32', shape, data: Float32Array.from(values) })
}

/** Maps of one pixel each, [n, 1, 1]. */
function map(...values: number[]): Uint8Array {
  return encoded([values.length, 1, 1], values)
}

function grid(height: number, width: number): Uint8Array {
  return encoded(
    [height, width],
    Array.from({ length: height * width }, () => 0),
  )
}

function ids(...values: number[]): Uint8Array {
  return encodeNpy({ dtype: 'int32', shape: [values.length], data: Int32Array.from(values) })
}

function archive(arrays: Record<string, Uint8Array>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes])))
}

/** A map of one pixel as a NumPy array of a pickle. */
function map32(value: number) {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return {
    global: 'numpy.core.numeric._frombuffer',
    args: [bytes, { global: 'numpy.dtype', args: ['f4', false, true] }, tuple(1, 1), 'C'],
  }
}
