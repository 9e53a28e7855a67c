import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { maskPalette, vocColor } from '../../lib/masks/palette.js'
import { decodeMask, encodeMask, readMask, writeMask } from '../../lib/masks/png.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { needs } from '../support/needs.js'
import { pictureFolder } from '../support/realPictures.js'

// The files come from Pillow: test/fixtures/masks/make.py says what each holds.
const fixture = (name: string) => path.join(import.meta.dirname, '../fixtures/masks', name)

function mask(width: number, height: number): LabelMap {
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => (i * 7) % 256) }
}

describe('writeMask', () => {
  test('writes colour type 3 with the palette, and the indices come back', async () => {
    const file = path.join(await temporaryFiles({}), 'deep/er/a.png')
    const written = mask(37, 19)
    await writeMask(file, written, maskPalette([{ id: 7, color: [1, 2, 3] }]))
    const bytes = await readFile(file)
    expect([bytes[24], bytes[25]]).toEqual([8, 3])
    const plte = bytes.indexOf('PLTE') + 4
    expect([...bytes.subarray(plte, plte + 9)]).toEqual([0, 0, 0, 128, 0, 0, 0, 128, 0])
    expect([...bytes.subarray(plte + 21, plte + 24)]).toEqual([1, 2, 3])
    expect(await readMask(file)).toEqual(written)
  })

  test('a second decoder sees the colour of each id', async () => {
    const written = mask(37, 19)
    const { data, info } = await sharp(encodeMask(written)).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    expect(info).toMatchObject({ width: 37, height: 19, channels: 3 })
    expect([...data]).toEqual([...written.data].flatMap((id) => [...vocColor(id)]))
  })

  test('refuses a mask whose data is not width * height', () => {
    expect(() => encodeMask({ width: 4, height: 4, data: new Uint8Array(15) })).toThrow(
      expect.objectContaining({ code: 'SEMPLES_ARGUMENT_INVALID', value: 15 }),
    )
    expect(() => encodeMask({ width: 0, height: 4, data: new Uint8Array(0) })).toThrow(/0x4/)
  })

  test('keeps the old file and leaves no other when it cannot write', async () => {
    const folder = await temporaryFiles({})
    const file = path.join(folder, 'a.png', 'b.png')
    await writeFile(path.join(folder, 'a.png'), 'a file, not a folder')
    await expect(writeMask(file, mask(2, 2))).rejects.toMatchObject({ code: 'SEMPLES_WRITE_FAILED', file })
    expect(await readdir(folder)).toEqual(['a.png'])
  })
})

describe('readMask', () => {
  test.each([1, 2, 4, 8])('reads %d-bit indices with rows that do not fill their last byte', async (bits) => {
    const { width, height, data } = await readMask(fixture(`indexed${bits}.png`))
    expect([width, height]).toEqual([11, 2])
    expect([...data]).toEqual(Array.from({ length: 22 }, (_, i) => i % 2 ** Math.min(bits, 4)))
  })

  test('reads indices where a colour is transparent', async () => {
    const { data } = await readMask(fixture('indexed-transparent.png'))
    expect([...data]).toEqual(Array.from({ length: 22 }, (_, i) => i % 16))
  })

  test('reads 8-bit grey values as ids', async () => {
    expect(await readMask(fixture('grey.png'))).toEqual({ width: 3, height: 1, data: Uint8Array.of(0, 21, 255) })
  })

  test('reads interlaced bytes, and refuses interlaced parts of bytes', async () => {
    const grey = Uint8Array.from({ length: 13 * 9 }, (_, i) => i)
    const image = sharp(grey, { raw: { width: 13, height: 9, channels: 1 } }).toColourspace('b-w')
    const bytes = await image.png({ progressive: true }).toBuffer()
    expect(bytes[28]).toBe(1)
    expect(decodeMask(bytes, 'interlaced.png')).toEqual({ width: 13, height: 9, data: grey })
    const two = await sharp(Buffer.alloc(27 * 9), { raw: { width: 9, height: 9, channels: 3 } })
      .png({ progressive: true, palette: true, colours: 2 })
      .toBuffer()
    expect([two[24], two[28]]).toEqual([1, 1])
    expect(() => decodeMask(two, 'two.png')).toThrow(/two\.png is interlaced with 1 bits/)
  })

  test('turns truecolour into ids by a palette, and only by one', async () => {
    const { data } = await readMask(fixture('truecolour.png'), { palette: maskPalette() })
    expect([...data]).toEqual([0, 1, 255])
    await expect(readMask(fixture('truecolour.png'))).rejects.toMatchObject({
      code: 'SEMPLES_MASK_INVALID',
      message: expect.stringMatching(/truecolour\.png.*maskPalette/),
    })
    const palette = maskPalette([{ id: 1, color: [0, 1, 0] }])
    await expect(readMask(fixture('truecolour.png'), { palette })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_INVALID',
      value: [128, 0, 0],
      message: expect.stringContaining('column 1, row 0'),
    })
    await expect(readMask(fixture('translucent.png'), { palette: maskPalette() })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_INVALID',
      value: [128, 0, 0, 10],
    })
  })

  test.each(['grey1', 'grey16'])('refuses %s.png, whose values are not bytes', async (name) => {
    await expect(readMask(fixture(`${name}.png`))).rejects.toMatchObject({
      code: 'SEMPLES_MASK_INVALID',
      file: fixture(`${name}.png`),
    })
  })

  test('refuses other files and absent ones, by name', async () => {
    await expect(readMask(fixture('jpeg.png'))).rejects.toMatchObject({
      code: 'SEMPLES_MASK_INVALID',
      message: expect.stringContaining('jpeg.png'),
    })
    await expect(readMask(fixture('absent.png'))).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
  })

  test('refuses a PNG cut at any point or with a flipped bit in its pixels', async () => {
    const bytes = encodeMask(mask(40, 30))
    for (let length = 0; length < bytes.length - 12; length += 5) {
      expect(() => decodeMask(bytes.subarray(0, length), 'cut.png')).toThrow(
        expect.objectContaining({ code: 'SEMPLES_MASK_INVALID', file: 'cut.png' }),
      )
    }
    const damaged = Uint8Array.from(bytes)
    damaged[damaged.length - 40]! ^= 1
    expect(() => decodeMask(damaged, 'bit.png')).toThrow(expect.objectContaining({ code: 'SEMPLES_MASK_INVALID' }))
  })

  test('does not allocate what a damaged header claims', () => {
    const bytes = Uint8Array.from(encodeMask(mask(4, 4)))
    bytes.set([0x7f, 0xff, 0xff, 0xff], 16)
    expect(() => decodeMask(bytes, 'huge.png')).toThrow(/2147483647x4/)
  })
})

describe('vocColor', () => {
  test('gives the colours of the devkit', () => {
    // aeroplane, bicycle, person, tvmonitor, void: the colour map published with the data set.
    expect([1, 2, 15, 20, 255].map(vocColor)).toEqual([
      [128, 0, 0],
      [0, 128, 0],
      [192, 128, 128],
      [0, 64, 128],
      [224, 224, 192],
    ])
  })

  test('gives 256 different colours', () => {
    expect(new Set(maskPalette().map(String)).size).toBe(256)
  })
})

const vocMasks = path.join(pictureFolder, 'crf')

needs('pictures').describe('masks of VOC 2012 saved as RGB', () => {
  // Their README names the classes: an aeroplane (1) and a bird (3).
  const cases = [
    ['1_target.png', 1],
    ['114_target.png', 3],
  ] as const
  test.each(cases)('%s becomes background, class %d and void', async (name, id) => {
    const { width, height, data } = await readMask(path.join(vocMasks, name), { palette: maskPalette() })
    expect([width, height]).toEqual([513, 513])
    expect([...new Set(data)].sort((a, b) => a - b)).toEqual([0, id, 255])
  })
})

test('large masks are compressed as encodeMask does it, to the same pixels', async () => {
  const data = Uint8Array.from({ length: 640 * 480 }, (_, pixel) => ((pixel % 640) >> 4) % 21)
  const mask = { width: 640, height: 480, data }
  const file = path.join(await temporaryFiles({}), 'mask.png')
  await writeMask(file, mask)
  const bytes = await readFile(file)
  expect(bytes.length).toBeLessThan(data.length / 20)
  expect(decodeMask(bytes, 'mask')).toEqual(mask)
  // An independent decoder checks the checksums too.
  const { channels } = await sharp(bytes, { failOn: 'warning' }).stats()
  expect(channels).toHaveLength(3)
})
