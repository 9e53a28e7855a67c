import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { zipSync } from 'fflate'
import { type CamFileOptions, decodeCamFile, readCamFile } from '../../../lib/formats/camFile/camFile.js'
import { encodeNpy } from '../../../lib/formats/npy.js'
import { needs } from '../../support/needs.js'
import { python } from '../../support/python.js'

const count = (length: number) => Array.from({ length }, (_, index) => index)
const array = (...shape: number[]) => {
  const length = shape.reduce((product, side) => product * side, 1)
  return encodeNpy({ dtype: 'float32', shape, data: Float32Array.from(count(length)) })
}
const whole = (shape: number[], ...numbers: number[]) =>
  encodeNpy({ dtype: 'int64', shape, data: BigInt64Array.from(numbers, BigInt) })
const archive = (files: Record<string, Uint8Array>) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.npy`, bytes])))

/** A .npy file with this header. */
function headed(header: string): Uint8Array {
  const text = Buffer.from(`${header.padEnd(117)}\n`, 'latin1')
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0])
  return Buffer.concat([start, text, Buffer.from(Float32Array.from(count(6)).buffer)])
}

const read = async (bytes: Uint8Array, options?: CamFileOptions) => {
  const { maps, classIds, labelMap } = await decodeCamFile(bytes, 'x', options)
  return { shape: maps.shape, numbers: [...maps.data], classIds, labelMap }
}
const refusal = (bytes: Uint8Array, options?: CamFileOptions) =>
  decodeCamFile(bytes, 'x', options).then(
    () => '',
    (error: Error & { code: string }) => `${error.code} ${error.message}`,
  )

needs('python').describe('what Python writes', () => {
  const files = (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semples-field-'))
    await promisify(execFile)(python, [join(import.meta.dirname, 'field.py'), folder])
    return async (name: string) => {
      const { maps, classIds } = await readCamFile(join(folder, name))
      return { shape: maps.shape, numbers: [...maps.data], classIds }
    }
  })()

  test.each([
    ['turned-keys.pkl', [3, 3, 3], [1, 4, 7]],
    ['turned-bare.pkl', [3, 2, 3], undefined],
    ['turned-two.pkl', [2, 2, 3], [1, 4]],
    ['turned-fortran.pkl', [3, 2, 3], undefined],
  ])('R01: the order in memory does not change values: %s', async (name, shape, classIds) => {
    const numbers = count(shape.reduce((product, side) => product * side, 1))
    expect(await (await files)(name)).toEqual({ shape, numbers, classIds })
  })

  test.each([...count(6).map((protocol) => `extras-${protocol}.pkl`), 'extras.npy', 'str-keys.npy', 'defaultdict.npy'])(
    'R33: texts, dates and records beside the maps are passed over: %s',
    async (name) =>
      expect(await (await files)(name)).toEqual({ shape: [2, 2, 3], numbers: count(12), classIds: [1, 15] }),
  )

  test.each(['none-1.npy', 'none-2.npy', 'none-3.npy', 'none-4.npz'])('R31: no keys, no class: %s', async (name) =>
    expect(await (await files)(name)).toEqual({ shape: [0, 0, 0], numbers: [], classIds: [] }),
  )
})

describe('arrays without names', () => {
  test('R18: class ids beside the maps are those of the maps, in either order', async () => {
    const ids = whole([3], 0, 3, 6)
    const expected = { shape: [3, 1, 2], numbers: count(6), classIds: [0, 3, 6] }
    expect(await read(archive({ arr_0: array(3, 1, 2), arr_1: ids }))).toEqual(expected)
    expect(await read(archive({ arr_0: ids, arr_1: array(3, 1, 2) }))).toEqual(expected)
  })

  test.each([
    ['other maps', array(3, 1, 2)],
    ['too few ids', whole([2], 0, 3)],
    ['an id twice', whole([3], 0, 3, 3)],
    ['fractions', encodeNpy({ dtype: 'float32', shape: [3], data: Float32Array.of(0.5, 1, 2) })],
  ])('R18: %s beside the maps is refused, as it would not be used', async (_, other) =>
    expect(await refusal(archive({ arr_0: array(3, 1, 2), arr_1: other }))).toMatch(
      /CAM_INVALID.*arr_0 \[3, 1, 2\], arr_1/,
    ),
  )

  test('R37: a second array in a .npy file is told of', async () => {
    const bytes = Buffer.concat([array(3, 1, 2), array(3, 1, 2)])
    expect(await refusal(bytes)).toMatch(
      /behind its 3 maps a second array \[3, 1, 2\] follows.*numpy\.load reads the first/,
    )
    expect(await refusal(Buffer.concat([bytes, array(1, 1)]))).toMatch(/3 arrays.*numpy\.load reads the first/)
  })
})

describe('R36: headers that numpy.load reads', () => {
  test.each([
    `{"descr": "<f4", "fortran_order": False, "shape": (2, 3), }`,
    `{'descr': 'f4', 'fortran_order': False, 'shape': (2, 3), }`,
    `{'descr': 'float32', 'fortran_order': False, 'shape': (2, 3)}`,
    `{'descr': '=f4', 'fortran_order': False, 'shape': (2L, 3L), }`,
    `{'shape': (2, 3), 'fortran_order': False, 'descr': u'<f4'}`,
  ])('%s', async (header) => expect(await read(headed(header))).toMatchObject({ shape: [1, 2, 3], numbers: count(6) }))

  test.each([
    `{'descr': "<f4', 'fortran_order': False, 'shape': (2, 3), }`,
    `{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }`,
    `{'descr': 'constructor', 'fortran_order': False, 'shape': (2, 3), }`,
  ])('but not %s', async (header) => expect(await refusal(headed(header))).toMatch(/^SEMPLES_NPY_/))
})

describe('axes', () => {
  test('R15: height, width, maps where that is said', async () => {
    const hwc = await read(array(2, 2, 3), { axes: 'hwc' })
    expect(hwc).toMatchObject({ shape: [3, 2, 2], numbers: [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11] })
    expect(await read(array(1, 2, 2, 3), { axes: 'hwc' })).toEqual(hwc)
    // One map has no order of axes.
    expect((await read(array(2, 3), { axes: 'hwc' })).shape).toEqual([1, 2, 3])
  })

  test('R15: keys that fit the other axis name the option', async () => {
    const bytes = archive({ keys: whole([3], 0, 1, 2), cam: array(5, 4, 3) })
    expect(await refusal(bytes)).toMatch(/cam has 5 maps, keys has 3.*--axes hwc/)
    expect(await read(bytes, { axes: 'hwc' })).toMatchObject({ shape: [3, 5, 4], classIds: [1, 2, 3] })
  })
})

describe('N06: names of classes', () => {
  const classNames = { bus: 6, 'Dining Table': 11 }

  test('are looked up in the class table, however they are spelled', async () => {
    const bytes = archive({ bus: array(1, 2), dining_table: array(1, 1, 2) })
    expect(await read(bytes, { classNames })).toMatchObject({ shape: [2, 1, 2], classIds: [6, 11] })
    expect(await read(archive({ bus: array(1, 2) }), { classNames, classOffset: 1 })).toMatchObject({ classIds: [6] })
    const withBackground = archive({ bus: array(1, 2), __background__: array(1, 2) })
    expect(await read(withBackground, { classNames })).toMatchObject({ classIds: [0, 6] })
  })

  test('are refused without a table, and where the table does not have them', async () => {
    const bytes = archive({ bus: array(1, 2), kraken: array(1, 2) })
    expect(await refusal(bytes)).toMatch(/named bus, kraken.*--class-table/)
    expect(await refusal(bytes, { classNames })).toMatch(/class table has no kraken/)
    const twice = archive({ bus: array(1, 2), BUS: array(1, 2) })
    expect(await refusal(twice, { classNames })).toMatch(/same class/)
  })

  test('one map of whole numbers is a label map', async () => {
    expect(await read(whole([1, 2], 0, 6))).toMatchObject({ numbers: [0, 6], labelMap: true, classIds: undefined })
    expect((await read(array(1, 2))).labelMap).toBeUndefined()
  })
})
