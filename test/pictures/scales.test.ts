import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { scaledImages } from '../../lib/pictures/scales.js'
import { readTensors } from '../loader/golden.js'
import { noise } from '../loader/pictures.js'
import { goldenFolder, goldenKinds } from '../support/golden.js'
import { needsGolden } from '../support/needs.js'

const golden = needsGolden(['voc', 'coco'].every((kind) => goldenKinds('cam_generation_').includes(kind)))

golden.test('reference pictures of every scale, byte for byte', async () => {
  let cases = 0
  for (const kind of ['voc', 'coco']) {
    const tensors = readTensors(join(goldenFolder, `cam_generation_${kind}.safetensors`))
    for (const [name, tensor] of tensors) {
      const [, image, scale] = /^(image\d+)\.s([\d.]+)\.resized_u8$/.exec(name) ?? []
      if (scale === undefined) continue
      const { shape, data } = tensors.get(`${image}.pixels_u8`)!
      const picture = { height: shape[0], width: shape[1], data: data as Uint8Array }
      const [, scaled] = await scaledImages(picture, [1, Number(scale)])
      expect([scaled.height, scaled.width]).toEqual(tensor.shape.slice(0, 2))
      expect(Buffer.compare(scaled.data, tensor.data as Uint8Array)).toBe(0)
      cases++
    }
  }
  expect(cases).toBeGreaterThan(0)
})

test('sides are rounded, halves to the even number, in both modes', async () => {
  // Python: round(15 * 1.5) = 22, round(13 * 1.5) = 20, round(15 * 0.5) = 8, round(13 * 0.5) = 6.
  for (const mode of ['exact', 'fast'] as const) {
    const sizes = (await scaledImages(noise(15, 13, 0), [1, 1.5, 0.5], mode)).map(({ width, height }) => [
      width,
      height,
    ])
    expect(sizes).toEqual([
      [15, 13],
      [22, 20],
      [8, 6],
    ])
  }
})

test('the first is the picture itself, and no side vanishes', async () => {
  const picture = noise(1, 3, 0)
  const [first, second] = await scaledImages(picture, [1, 0.2])
  expect(first).toBe(picture)
  expect([second.width, second.height]).toEqual([1, 1])
})

test.each([[[]], [[0.8, 1]], [[1, 0]], [[1, Number.NaN]], [[1, -1.2]], [[1, Number.POSITIVE_INFINITY]]])(
  'refuses %j',
  async (scales) => {
    await expect(scaledImages(noise(8, 8, 0), scales)).rejects.toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'scales',
    })
  },
)
