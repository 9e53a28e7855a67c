import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Box, type RawImage, roundHalfToEven } from '../../lib/pictures/image.js'
import { resizeBicubic, resizeBicubicAsync } from '../../lib/pictures/resample.js'
import { type GoldenTensor, readTensors } from '../loader/golden.js'
import { noise } from '../loader/pictures.js'
import { goldenFolder } from '../support/golden.js'
import { needsGolden } from '../support/needs.js'

const image = ({ shape, data }: GoldenTensor): RawImage => ({
  height: shape[0],
  width: shape[1],
  data: data as Uint8Array,
})

const preprocessing = join(goldenFolder, 'preprocessing.safetensors')
const golden = needsGolden(existsSync(preprocessing))

golden.test('reproduces the reference pictures bit for bit', () => {
  const tensors = readTensors(preprocessing)
  const input = image(tensors.get('input_u8') as GoldenTensor)
  const boxTensor = tensors.get('resized_crop.box_top_left_h_w')
  let cases = 0
  for (const [name, tensor] of tensors) {
    const isResize = /^bicubic_|^scale_/.test(name)
    const isCrop = /^resized_crop_\d+$/.test(name)
    if (!isResize && !isCrop) continue
    const expected = image(tensor)
    const [top, left, height, width] = [...(boxTensor?.data ?? [])].map(Number)
    const box: Box | undefined = isCrop ? { top, left, height, width } : undefined
    expect({
      name,
      same: Buffer.compare(resizeBicubic(input, expected.width, expected.height, box).data, expected.data),
    }).toEqual({ name, same: 0 })
    cases++
  }
  expect(cases).toBeGreaterThanOrEqual(5)
})

golden.test('shrinking and cutting the middle square reproduces the reference, byte for byte', () => {
  const tensors = readTensors(preprocessing)
  const input = image(tensors.get('input_u8') as GoldenTensor)
  let cases = 0
  for (const [name, { data }] of tensors) {
    const side = Number(/^eval_transform_(\d+)\.u8$/.exec(name)?.[1])
    if (Number.isNaN(side)) continue
    // torchvision: the shorter side becomes 256/224 of the square's, the longer one is cut to a whole number.
    const shorter = Math.floor((256 / 224) * side)
    const longer = Math.floor((shorter * Math.max(input.width, input.height)) / Math.min(input.width, input.height))
    const [width, height] = input.width <= input.height ? [shorter, longer] : [longer, shorter]
    const left = roundHalfToEven((width - side) / 2)
    const top = roundHalfToEven((height - side) / 2)
    const whole = resizeBicubic(input, width, height)
    const square = resizeBicubic(whole, side, side, { left, top, width: side, height: side })
    expect(Buffer.compare(square.data, data as Uint8Array)).toBe(0)
    cases++
  }
  expect(cases).toBeGreaterThan(0)
})

golden.test('scales have the size that Python rounds to', () => {
  const tensors = readTensors(preprocessing)
  const input = image(tensors.get('input_u8') as GoldenTensor)
  for (const [name, { shape }] of tensors) {
    const scale = Number(/^scale_(.*)$/.exec(name)?.[1])
    if (Number.isNaN(scale)) continue
    expect([roundHalfToEven(input.height * scale), roundHalfToEven(input.width * scale)]).toEqual(shape.slice(0, 2))
  }
})

interface PillowCase {
  width: number
  height: number
  seed: number
  to: [number, number]
  box: [number, number, number, number]
  /** CRC-32 of Pillow's bytes, for the whole picture and for the box. */
  whole: number
  cut: number
}

test('equals Pillow on random sizes, boxes and pictures of extreme contrast', async () => {
  const { crc32 } = await import('node:zlib')
  const cases = JSON.parse(
    readFileSync(join(import.meta.dirname, '../loader/fixtures/pillow-resize.json'), 'utf8'),
  ) as PillowCase[]
  expect(cases.length).toBeGreaterThanOrEqual(100)
  for (const { width, height, seed, to, box, whole, cut } of cases) {
    const picture = noise(width, height, seed)
    const [left, top, boxWidth, boxHeight] = box
    expect(crc32(resizeBicubic(picture, ...to).data)).toBe(whole)
    expect(crc32(resizeBicubic(picture, ...to, { left, top, width: boxWidth, height: boxHeight }).data)).toBe(cut)
  }
})

describe('properties', () => {
  test('a picture resized to its own size is itself', () => {
    const picture = noise(31, 17, 1)
    expect(resizeBicubic(picture, 31, 17)).toEqual(picture)
  })

  test('one colour stays one colour at any size, from a single pixel too', () => {
    for (const [width, height] of [
      [1, 1],
      [1, 9],
      [13, 1],
      [40, 30],
    ]) {
      const picture = { width, height, data: new Uint8Array(width * height * 3).fill(201) }
      for (const [w, h] of [
        [1, 1],
        [7, 5],
        [64, 64],
      ])
        expect(resizeBicubic(picture, w, h).data.every((value) => value === 201)).toBe(true)
    }
  })

  test('pixels outside the box never contribute', () => {
    const picture = noise(30, 20, 2)
    const box = { left: 5, top: 4, width: 11, height: 9 }
    const other = { ...picture, data: picture.data.map((value, i) => (inside(i, 30, box) ? value : 255 - value)) }
    expect(resizeBicubic(other, 24, 24, box)).toEqual(resizeBicubic(picture, 24, 24, box))
  })

  test('in portions it gives the same bytes, and stops when told', async () => {
    const picture = noise(900, 700, 3)
    const portions = await resizeBicubicAsync(picture, 500, 600)
    expect(Buffer.compare(portions.data, resizeBicubic(picture, 500, 600).data)).toBe(0)
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    await expect(resizeBicubicAsync(picture, 10, 10, { signal: controller.signal })).rejects.toThrow('enough')
  })
})

test.each([
  [0, 10, undefined],
  [10, 2.5, undefined],
  [10, Number.NaN, undefined],
  [10, 10, { left: 0, top: 0, width: 9, height: 3 }],
  [10, 10, { left: -1, top: 0, width: 2, height: 2 }],
  [10, 10, { left: 0, top: 0, width: 0, height: 2 }],
  [10, 10, { left: 0.5, top: 0, width: 2, height: 2 }],
])('refuses %p x %p of box %p', (width, height, box) => {
  expect(() => resizeBicubic(noise(8, 8, 4), width, height, box)).toThrow(
    expect.objectContaining({ code: 'SEMPLES_ARGUMENT_INVALID' }),
  )
})

function inside(index: number, width: number, box: Box): boolean {
  const pixel = Math.floor(index / 3)
  const x = (pixel % width) - box.left
  const y = Math.floor(pixel / width) - box.top
  return x >= 0 && x < box.width && y >= 0 && y < box.height
}
