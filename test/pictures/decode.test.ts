import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import sharp, { type Sharp } from 'sharp'
import { decodeImage } from '../../lib/pictures/decode.js'
import type { RawImage } from '../../lib/pictures/image.js'

const WIDTH = 64
const HEIGHT = 48

/** Smooth colours without clipped values, so that profiles and JPEG have an expected answer. */
const gradient: RawImage = {
  width: WIDTH,
  height: HEIGHT,
  data: Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % WIDTH
    const y = Math.floor(i / 3 / WIDTH)
    return [20 + x * 3, 30 + y * 4, 220 - x * 2 - y][i % 3]
  }),
}

const source = (): Sharp => sharp(gradient.data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })

function largestDifference(image: RawImage, expected: ArrayLike<number>): number {
  expect(image.data).toHaveLength(expected.length)
  return image.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i])), 0)
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'semples-decode-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('formats', () => {
  const lossless: [string, () => Sharp][] = [
    ['PNG', () => source().png()],
    ['interlaced PNG', () => source().png({ progressive: true })],
    ['WebP', () => source().webp({ lossless: true })],
    ['TIFF', () => source().tiff({ compression: 'lzw' })],
    ['16-bit PNG', () => source().toColourspace('rgb16').png()],
    ['16-bit TIFF', () => source().toColourspace('rgb16').tiff({ compression: 'none' })],
  ]
  test.each(lossless)('%s comes back byte for byte, from a file and from memory', async (_, encode) => {
    const bytes = await encode().toBuffer()
    const file = join(folder, 'picture')
    writeFileSync(file, bytes)
    expect(await decodeImage(file)).toEqual(gradient)
    expect(await decodeImage(bytes)).toEqual(gradient)
  })

  test.each([
    ['JPEG', () => source().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }), 3],
    ['AVIF', () => source().avif({ quality: 95, chromaSubsampling: '4:4:4' }), 8],
  ] as [string, () => Sharp, number][])('%s comes back within its loss', async (_, encode, loss) => {
    expect(largestDifference(await decodeImage(await encode().toBuffer()), gradient.data)).toBeLessThanOrEqual(loss)
  })

  test('a palette is looked up', async () => {
    const two = Uint8Array.from(
      { length: 12 * 3 },
      (_, i) => (Math.floor(i / 3) % 2 ? [200, 30, 7] : [1, 90, 255])[i % 3],
    )
    const picture = sharp(two, { raw: { width: 4, height: 3, channels: 3 } })
    for (const bytes of [await picture.png({ palette: true }).toBuffer(), await picture.gif().toBuffer()])
      expect(await decodeImage(bytes)).toEqual({ width: 4, height: 3, data: two })
  })

  test('grey repeats in the three channels', async () => {
    const grey = Uint8Array.from({ length: 256 }, (_, i) => i)
    const bytes = await sharp(grey, { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    expect((await sharp(bytes).metadata()).channels).toBe(1)
    expect([...(await decodeImage(bytes)).data]).toEqual([...grey].flatMap((value) => [value, value, value]))
  })

  test('16-bit grey keeps the high byte', async () => {
    const values = Uint16Array.from({ length: 400 }, (_, i) => i * 164)
    const bytes = await sharp(values, { raw: { width: 20, height: 20, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ depth: 'ushort', channels: 1 })
    expect([...(await decodeImage(bytes)).data]).toEqual([...values].flatMap((value) => Array(3).fill(value >> 8)))
  })

  test('transparency is dropped, the colours under it stay', async () => {
    const rgba = Uint8Array.from({ length: 256 * 4 }, (_, i) => (i % 4 === 3 ? i >> 2 : (i * 7) % 256))
    const bytes = await sharp(rgba, { raw: { width: 16, height: 16, channels: 4 } })
      .png()
      .toBuffer()
    const expected = [...rgba].filter((_, i) => i % 4 !== 3)
    expect([...(await decodeImage(bytes)).data]).toEqual(expected)
    expect([...(await decodeImage(bytes, { minimumSide: 8 })).data]).toEqual(expected)
  })
})

describe('colour', () => {
  /** Display P3 to sRGB (both D65, sRGB's curve): the published primaries' matrices, multiplied. */
  const P3_TO_SRGB = [
    [1.2249401763, -0.2249401763, 0],
    [-0.0420569547, 1.0420569547, 0],
    [-0.0196375546, -0.0786360456, 1.0982736001],
  ]
  const toLinear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  const toCurve = (value: number): number => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055)
  function p3ToSrgb(data: Uint8Array): number[] {
    const result: number[] = []
    for (let i = 0; i < data.length; i += 3) {
      const linear = [0, 1, 2].map((channel) => toLinear(data[i + channel] / 255))
      for (const row of P3_TO_SRGB) {
        const mixed = row.reduce((sum, weight, channel) => sum + weight * linear[channel], 0)
        result.push(Math.round(255 * toCurve(Math.min(1, Math.max(0, mixed)))))
      }
    }
    return result
  }

  test.each([
    ['PNG', (image: Sharp) => image.png()],
    ['16-bit PNG', (image: Sharp) => image.toColourspace('rgb16').png()],
    ['JPEG', (image: Sharp) => image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' })],
  ] as [string, (image: Sharp) => Sharp][])('a %s with a Display P3 profile becomes sRGB', async (_, encode) => {
    const bytes = await encode(source().withIccProfile('p3')).toBuffer()
    const stored = await sharp(bytes, { ignoreIcc: true }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer()
    const decoded = await decodeImage(bytes)
    expect(largestDifference(decoded, p3ToSrgb(stored))).toBeLessThanOrEqual(2)
    // Read without the profile the colours are far off.
    expect(largestDifference({ ...gradient, data: stored }, gradient.data)).toBeGreaterThan(10)
  })

  test('CMYK without a profile follows the plain formula', async () => {
    const bytes = await source().toColourspace('cmyk').tiff({ compression: 'none' }).toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ space: 'cmyk', hasProfile: false })
    const ink = await sharp(bytes).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer()
    const expected: number[] = []
    for (let i = 0; i < ink.length; i += 4)
      for (let channel = 0; channel < 3; channel++)
        expected.push(Math.round(((255 - ink[i + channel]) * (255 - ink[i + 3])) / 255))
    expect(largestDifference(await decodeImage(bytes), expected)).toBeLessThanOrEqual(1)
  })

  test('CMYK with a profile goes through it', async () => {
    const bytes = await source().toColourspace('cmyk').withIccProfile('cmyk').tiff({ compression: 'none' }).toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ space: 'cmyk', hasProfile: true })
    const { data } = await decodeImage(bytes)
    // Nearer to the colours that were printed than the plain formula is.
    const ink = await sharp(bytes).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer()
    const plain = Array.from(data, (_, i) => {
      const at = Math.floor(i / 3) * 4
      return ((255 - ink[at + (i % 3)]) * (255 - ink[at + 3])) / 255
    })
    const distance = (values: ArrayLike<number>): number =>
      gradient.data.reduce((sum, value, i) => sum + Math.abs(value - values[i]), 0)
    expect(distance(data)).toBeLessThan(0.75 * distance(plain))
  })
})

describe('orientation', () => {
  test('is applied as viewers do, or left as stored', async () => {
    const bytes = await source().withMetadata({ orientation: 6 }).png().toBuffer()
    expect((await sharp(bytes).metadata()).orientation).toBe(6)
    expect(await decodeImage(bytes)).toEqual(gradient)
    expect(await decodeImage(bytes, { orientation: 'stored' })).toEqual(gradient)
    const turned = await decodeImage(bytes, { orientation: 'exif' })
    expect([turned.width, turned.height]).toEqual([HEIGHT, WIDTH])
    // 6: the first stored row is the right-hand column.
    for (let x = 0; x < WIDTH; x++) expect(turned.data[(x * HEIGHT + HEIGHT - 1) * 3]).toBe(gradient.data[x * 3])
    const small = await decodeImage(bytes, { orientation: 'exif', minimumSide: 24 })
    expect([small.width, small.height]).toEqual([24, 32])
  })
})

test('large pictures may come smaller, small ones stay', async () => {
  const bytes = await sharp({ create: { width: 1200, height: 900, channels: 3, background: '#804020' } })
    .jpeg()
    .toBuffer()
  const small = await decodeImage(bytes, { minimumSide: 100 })
  expect([small.width, small.height]).toEqual([133, 100])
  expect(Math.abs(small.data[0] - 0x80)).toBeLessThanOrEqual(2)
  expect(await decodeImage(bytes, { minimumSide: 900 })).toMatchObject({ width: 1200, height: 900 })
})

describe('refusals name the file and the reason', () => {
  const refusal = (name: string): unknown =>
    expect.objectContaining({ code: 'SEMPLES_IMAGE_UNREADABLE', file: name, message: expect.stringContaining(name) })

  test('missing file, folder, empty file', async () => {
    const missing = join(folder, 'missing.jpg')
    await expect(decodeImage(missing)).rejects.toEqual(refusal(missing))
    await expect(decodeImage(folder)).rejects.toEqual(refusal(folder))
    const empty = join(folder, 'empty.png')
    writeFileSync(empty, '')
    await expect(decodeImage(empty)).rejects.toThrow('the file is empty')
    await expect(decodeImage(new Uint8Array(0), {}, 'row 7')).rejects.toEqual(refusal('row 7'))
  })

  const encoders: [string, () => Sharp][] = [
    ['JPEG', () => source().jpeg()],
    ['progressive JPEG', () => source().jpeg({ progressive: true })],
    ['PNG', () => source().png()],
    ['WebP', () => source().webp()],
    ['GIF', () => source().gif()],
    ['TIFF', () => source().tiff()],
    ['AVIF', () => source().avif()],
  ]
  test.each(encoders)('a truncated %s, never half a picture', async (kind, encode) => {
    const bytes = await encode().toBuffer()
    for (const part of [0.02, 0.3, 0.5, 0.8]) {
      const file = join(folder, `truncated-${part}-${kind}`)
      writeFileSync(file, bytes.subarray(0, Math.ceil(bytes.length * part)))
      await expect(decodeImage(file)).rejects.toEqual(refusal(file))
    }
  })

  test('a file that is no picture, a drawing program, values without a range, a lying header', async () => {
    const png = await source().png().toBuffer()
    const lying = Buffer.from(png)
    lying.writeUInt32BE(60_000, 16)
    lying.writeUInt32BE(60_000, 20)
    const floats = await sharp(new Float32Array(64), { raw: { width: 8, height: 8, channels: 1 } })
      .tiff({ compression: 'none' })
      .toBuffer()
    const bad: Record<string, Uint8Array> = {
      'notes.jpg': Buffer.from('not a picture at all'),
      'zeros.png': Buffer.alloc(4096),
      'vector.png': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'huge.png': lying,
      'damaged.png': Buffer.from(png).fill(0x55, png.length / 2, png.length / 2 + 40),
    }
    if ((await sharp(floats).metadata()).depth === 'float') bad['floats.tif'] = floats
    for (const [name, bytes] of Object.entries(bad)) {
      const file = join(folder, name)
      writeFileSync(file, bytes)
      await expect(decodeImage(file)).rejects.toEqual(refusal(file))
    }
  })

  test('a file beyond what fits into memory', async () => {
    const file = join(folder, 'endless.jpg')
    writeFileSync(file, readFileSync(import.meta.filename).subarray(0, 10))
    truncateSync(file, 3 * 2 ** 30)
    await expect(decodeImage(file)).rejects.toEqual(refusal(file))
    rmSync(file)
  })
})

test('an aborted signal rejects with its reason', async () => {
  const reason = new Error('stopped')
  await expect(decodeImage(await source().png().toBuffer(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

/** A TIFF of 8-bit samples without compression, every pixel alike. */
function tiff(
  photometric: number,
  pixel: readonly number[],
  extra: readonly number[],
  [width, height] = [4, 2],
): Buffer {
  const data = Buffer.concat(Array.from({ length: width * height }, () => Buffer.from(pixel)))
  const lists: Buffer[] = []
  const count = 11
  const listsAt = 8 + 2 + 12 * count + 4
  // Two shorts lie in the entry itself, more of them behind it.
  const shorts = (values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(Math.max(4, 2 * values.length))
    for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, 2 * i)
    if (values.length <= 2) return bytes
    const at = Buffer.alloc(4)
    at.writeUInt32LE(listsAt + lists.reduce((sum, list) => sum + list.length, 0))
    lists.push(bytes)
    return at
  }
  const tags: [tag: number, values: readonly number[]][] = [
    [256, [width]],
    [257, [height]],
    [258, pixel.map(() => 8)],
    [259, [1]],
    [262, [photometric]],
    [273, [0]],
    [277, [pixel.length]],
    [278, [height]],
    [279, [data.length]],
    [284, [1]],
    [338, extra],
  ]
  const entries = tags.map(([tag, values]) => {
    const head = Buffer.alloc(8)
    head.writeUInt16LE(tag, 0)
    head.writeUInt16LE(3, 2)
    head.writeUInt32LE(values.length, 4)
    return [head, shorts(values)]
  })
  const behind = Buffer.concat(lists)
  entries[5]![1]!.writeUInt32LE(listsAt + behind.length)
  entries[5]![0]!.writeUInt16LE(4, 2)
  const header = Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0, count, 0])
  return Buffer.concat([header, ...entries.flat(), Buffer.alloc(4), behind, data])
}

describe('samples beyond the colours', () => {
  const cyan = [255, 0, 0, 0]
  test.each<[string, number, number[], number[], number[]]>([
    ['R02: CMYK with transparency (ExtraSamples 2)', 5, [...cyan, 255], [2], [0, 255, 255]],
    ['R02: CMYK with a spot colour (ExtraSamples 0)', 5, [...cyan, 255], [0], [0, 255, 255]],
    ['R02: CMYK that is transparent throughout', 5, [...cyan, 0], [2], [0, 255, 255]],
    ['R02: CMYK with a little black', 5, [255, 0, 0, 55, 9], [0], [0, 200, 200]],
    ['RGB with one', 2, [10, 20, 30, 40], [0], [10, 20, 30]],
    ['RGB with two', 2, [10, 20, 30, 40, 50], [0, 0], [10, 20, 30]],
    ['grey with one', 1, [10, 20], [0], [10, 10, 10]],
    ['grey with two', 1, [10, 20, 30], [0, 0], [10, 10, 10]],
    ['grey with four', 1, [10, 20, 30, 40, 50], [0, 0, 0, 0], [10, 10, 10]],
  ])('%s are left away', async (_, photometric, pixel, extra, expected) => {
    for (const size of [
      [4, 2],
      [3, 5],
      [1, 1],
    ] as [number, number][]) {
      const { data, width, height } = await decodeImage(tiff(photometric, pixel, extra, size))
      expect([width, height]).toEqual(size)
      expect([...data]).toEqual(Array.from({ length: width * height }, () => expected).flat())
    }
  })

  test('R02: CMYK with two of them is refused or right', async () => {
    const { value } = await decodeImage(tiff(5, [...cyan, 1, 2], [0, 0])).then(
      ({ data }) => ({ value: [...data.subarray(0, 3)].join() }),
      ({ code }) => ({ value: code }),
    )
    expect(['0,255,255', 'SEMPLES_IMAGE_UNREADABLE']).toContain(value)
  })
})
