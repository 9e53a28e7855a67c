import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { camsOf, preparePicture } from '../../lib/cam/picture.js'
import { folder } from '../../lib/datasets/folder.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { describeNative } from '../native/models.js'
import { writeShapes } from '../runs/shapes.js'
import { temporaryFolder, tinyGenerator } from '../runs/tiny.js'

const options = { scales: [1], flip: false, resample: 'fast' } as const

/** Bilinear resizing with half-pixel centres and clamped borders, one channel. */
function bilinear(map: ArrayLike<number>, rows: number, columns: number, height: number, width: number): number[] {
  const at = (position: number, size: number) => {
    const clamped = Math.max(0, position)
    const low = Math.min(size - 1, Math.floor(clamped))
    return { low, high: Math.min(size - 1, low + 1), share: clamped - low }
  }
  return Array.from({ length: height * width }, (_, pixel) => {
    const y = at(((Math.floor(pixel / width) + 0.5) * rows) / height - 0.5, rows)
    const x = at((((pixel % width) + 0.5) * columns) / width - 0.5, columns)
    const row = (line: number) => map[line * columns + x.low]! * (1 - x.share) + map[line * columns + x.high]! * x.share
    return row(y.low) * (1 - y.share) + row(y.high) * y.share
  })
}

describeNative('cams.maxSide', () => {
  test('maps of a shrunk picture grow back to the size of the picture', async () => {
    const dataset = await folder(await writeShapes(join(await temporaryFolder(), 'data')))
    const item = dataset.items.find(({ labels }) => labels.length > 0)!
    const prepared = await preparePicture(dataset, item, { ...options, maxSide: 24 })
    const { image } = prepared
    expect([image.width, image.height]).toEqual([48, 40])
    expect(prepared.scales.map(({ width, height }) => [width, height])).toEqual([[24, 20]])

    using generator = await MaskGenerator.create({ ...tinyGenerator, classes: 3, seed: 3 })
    const { cams, height, width } = await camsOf(generator, prepared, options)
    expect([width, height]).toEqual([48, 40])
    const { data, ...size } = prepared.scales[0]!
    const { fine_cam: map } = await generator.forward({ pixels: data, count: 1, ...size })
    const [, , rows, columns] = map!.shape as [number, number, number, number]
    const first = (map!.data as Float32Array).slice(
      item.labels[0]! * rows * columns,
      (item.labels[0]! + 1) * rows * columns,
    )
    const grown = bilinear(first, rows, columns, height, width)
    const [low, high] = [Math.min(...grown), Math.max(...grown)]
    grown.forEach((value, pixel) => {
      expect(cams[pixel]).toBeCloseTo((value - low) / (high - low + 1e-8), 3)
    })
  })

  test('pictures that are no larger stay as they are', async () => {
    const dataset = await folder(await writeShapes(join(await temporaryFolder(), 'data')))
    const prepared = await preparePicture(dataset, dataset.items[0]!, { ...options, maxSide: 48 })
    expect(prepared.scales[0]).toBe(prepared.image)
  })
})

describe('cams.side', () => {
  test.each([
    [96, {}, [96, 80]],
    [24, {}, [24, 20]],
    [48, {}, [48, 40]],
    [96, { maxSide: 60 }, [60, 50]],
  ])('longer sides become %d with %j', async (side, more, size) => {
    const dataset = await folder(await writeShapes(join(await temporaryFolder(), 'data')))
    const { image, scales } = await preparePicture(dataset, dataset.items[0]!, { ...options, ...more, side })
    expect([image.width, image.height]).toEqual([48, 40])
    expect(scales.map(({ width, height }) => [width, height])).toEqual([size])
  })
})

describe('a picture', () => {
  test('is shown as it is, whatever the scales', async () => {
    const dataset = await folder(await writeShapes(join(await temporaryFolder(), 'data')))
    const prepared = await preparePicture(dataset, dataset.items[0]!, { ...options, scales: [1, 1.5], maxSide: 10 })
    expect([prepared.image.width, prepared.image.height]).toEqual([48, 40])
    expect(prepared.scales.map(({ width, height }) => [width, height])).toEqual([
      [10, 8],
      [15, 12],
    ])
  })
})
