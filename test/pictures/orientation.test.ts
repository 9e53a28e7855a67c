import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { withoutOrientation } from '../../lib/pictures/orientation.js'

const START = 2

/** A JPEG of 12x8 noise with an EXIF orientation, and where its EXIF segment begins. */
async function jpeg(orientation: number): Promise<{ bytes: Buffer; exif: number }> {
  const noise = Buffer.from(Array.from({ length: 12 * 8 * 3 }, (_, i) => (i * 37) % 256))
  const bytes = await sharp(noise, { raw: { width: 12, height: 8, channels: 3 } })
    .jpeg()
    .withMetadata({ orientation })
    .toBuffer()
  return { bytes, exif: bytes.indexOf('Exif') - 4 }
}

function insert(bytes: Buffer, at: number, ...more: number[]): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(more), bytes.subarray(at)])
}

const pixels = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer()

describe('withoutOrientation', () => {
  test.each([2, 3, 4, 5, 6, 7, 8])('removes EXIF orientation %d, and nothing of the pixels', async (orientation) => {
    const { bytes } = await jpeg(orientation)
    const stripped = await withoutOrientation(bytes, 'a.jpg')
    expect(await sharp(stripped).metadata()).toMatchObject({ width: 12, height: 8 })
    expect((await sharp(stripped).metadata()).orientation ?? 1).toBe(1)
    expect(await pixels(stripped)).toEqual(await pixels(bytes))
  })

  test.each<[string, (bytes: Buffer, exif: number) => Buffer]>([
    ['R20: two fill bytes before APP1', (bytes, exif) => insert(bytes, exif, 0xff, 0xff)],
    ['R20: fill bytes before the first marker', (bytes) => insert(bytes, START, 0xff)],
    ['R20: many of them', (bytes, exif) => insert(bytes, exif, ...Array.from({ length: 300 }, () => 0xff))],
    ['a comment before APP1', (bytes) => insert(bytes, START, 0xff, 0xfe, 0, 4, 0x68, 0x69)],
    ['fill bytes and a comment', (bytes) => insert(bytes, START, 0xff, 0xff, 0xfe, 0, 4, 0x68, 0x69, 0xff)],
  ])('%s', async (_, change) => {
    const { bytes, exif } = await jpeg(6)
    const changed = change(bytes, exif)
    expect((await sharp(changed).metadata()).orientation).toBe(6)
    const stripped = await withoutOrientation(changed, 'a.jpg')
    expect((await sharp(stripped).metadata()).orientation ?? 1).toBe(1)
    expect(await pixels(stripped)).toEqual(await pixels(bytes))
  })

  test('a picture without one stays as it is, byte for byte', async () => {
    const { bytes } = await jpeg(1)
    expect(await withoutOrientation(bytes, 'a.jpg')).toBe(bytes)
  })

  test('an orientation that cannot be removed is refused', async () => {
    const { bytes } = await jpeg(6)
    const png = await sharp(bytes).png().withMetadata({ orientation: 6 }).toBuffer()
    await expect(withoutOrientation(png, 'a.png')).rejects.toMatchObject({ code: 'SEMPLES_IMAGE_UNREADABLE' })
  })
})
