import { expect, test } from '@jest/globals'
import sharp from 'sharp'
import { encodeIndexedPng, encodeIndexedPngSync, type IndexedPicture } from '../../lib/formats/png.js'

const palette = Array.from({ length: 256 }, (_, i) => [i, 255 - i, (i * 37) % 256] as const)

function picture(width: number, height: number): IndexedPicture {
  const data = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) % 256)
  return { width, height, data, palette: palette.map(([...color]) => color) }
}

test.each([
  [1, 1],
  [1, 300],
  [300, 1],
  [37, 19],
])('%i x %i: another decoder sees the colour of every index, and no chunk is damaged', async (width, height) => {
  const written = picture(width, height)
  const png = await encodeIndexedPng(written)
  const image = sharp(png, { failOn: 'warning' })
  expect(await image.metadata()).toMatchObject({ format: 'png', width, height })
  const { data } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true })
  expect([...data]).toEqual([...written.data].flatMap((index) => [...palette[index]!]))
  expect(encodeIndexedPngSync(written)).toEqual(png)
})

test('four chunks and nothing else', async () => {
  const png = Buffer.from(await encodeIndexedPng(picture(8, 8)))
  const chunks: [string, number][] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    chunks.push([png.toString('latin1', at + 4, at + 8), png.readUInt32BE(at)])
  }
  expect(chunks).toEqual([
    ['IHDR', 13],
    ['PLTE', 768],
    ['IDAT', expect.any(Number)],
    ['IEND', 0],
  ])
})

test('a short palette', async () => {
  const written = { ...picture(2, 1), data: Uint8Array.of(1, 0), palette: [[1, 2, 3] as const, [4, 5, 6] as const] }
  const { data } = await sharp(await encodeIndexedPng(written))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect([...data]).toEqual([4, 5, 6, 1, 2, 3])
})
