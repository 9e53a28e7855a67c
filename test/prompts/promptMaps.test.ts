import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { resizeImage } from '../../lib/pictures/resize.js'
import { promptMaps } from '../../lib/prompts/promptMaps.js'
import { scene } from '../../lib/scenes/scene.js'
import { SCENE_CLASSES } from '../../lib/scenes/vocabulary.js'
import { tokenize } from '../../lib/text/tokenizer.js'
import { describeNative, pixels } from '../native/models.js'

const archive = fileURLToPath(new URL('../../models/demo-clip.pt', import.meta.url))

describeNative('where texts answer in a picture', () => {
  const size = 64
  const image = { data: pixels(1, size), width: size, height: size }
  const textsOf = (clip: Clip, ...texts: string[]) =>
    clip.encodeText(tokenize(texts, { contextLength: clip.info.contextLength }))

  test('the mean loss of cosine over the covers that hide a place', async () => {
    using clip = await Clip.open({ path: archive })
    const features = await textsOf(clip, 'a photo of water.', 'grass')
    const maps = await promptMaps(clip, image, features, 'generator')
    expect(maps.map(({ rows, columns }) => [rows, columns])).toEqual([
      [8, 8],
      [8, 8],
    ])
    const mean = [0.485, 0.456, 0.406]
    const std = [0.229, 0.224, 0.225]
    /** Cosines with both texts where the cells `rows` x `columns` are covered; cells have 8 pixels. */
    const cosines = async (hides: (row: number, column: number) => boolean) => {
      const data = new Float32Array(3 * size * size)
      for (let channel = 0; channel < 3; channel++)
        for (let y = 0; y < size; y++)
          for (let x = 0; x < size; x++)
            if (!hides(y >> 3, x >> 3))
              data[(channel * size + y) * size + x] =
                (image.data[(y * size + x) * 3 + channel]! / 255 - mean[channel]!) / std[channel]!
      const seen = await clip.encodeImage({ dtype: 'float32', shape: [1, 3, size, size], data })
      return [0, 1].map((text) => cosineOf(rowOf(seen, 0), rowOf(features, text)))
    }
    const whole = await cosines(() => false)
    // A cell in the middle is hidden by nine covers, one in the corner by four.
    for (const [row, column] of [
      [4, 2],
      [0, 7],
    ] as const) {
      const losses: number[][] = []
      for (let y = Math.max(0, row - 1); y <= Math.min(7, row + 1); y++)
        for (let x = Math.max(0, column - 1); x <= Math.min(7, column + 1); x++) {
          const seen = await cosines((r, c) => Math.abs(r - y) <= 1 && Math.abs(c - x) <= 1)
          losses.push(seen.map((cosine, text) => whole[text]! - cosine))
        }
      for (const text of [0, 1]) {
        const expected = losses.reduce((sum, loss) => sum + loss[text]!, 0) / losses.length
        expect(maps[text]!.values[row * 8 + column]).toBeCloseTo(expected, 5)
      }
    }
  })

  test('another size is resized to that of CLIP', async () => {
    using clip = await Clip.open({ path: archive })
    const features = await textsOf(clip, 'water')
    const wide = { data: pixels(2, size), width: size, height: 2 * size }
    const [own] = await promptMaps(clip, wide, features, 'clip')
    const resized = await resizeImage(wide, size, size, { mode: 'exact' })
    expect(own).toEqual((await promptMaps(clip, resized, features, 'clip'))[0])
  })

  test('the name of an object answers on the object', async () => {
    using clip = await Clip.open({ path: archive })
    const areas: number[] = []
    for (let index = 0; index < 12; index++) {
      const { pixels: data, width, height, mask, labels } = scene(11, index, { size, stream: 'val' })
      const { id, prompt } = SCENE_CLASSES.classes[labels[0]!]!
      const [map] = await promptMaps(
        clip,
        { data, width, height },
        await textsOf(clip, `a photo of ${prompt}.`),
        'generator',
      )
      const inside = [...map!.values].filter((_, cell) => share(mask.data, cell, id) > 0.5)
      const outside = [...map!.values].filter((_, cell) => share(mask.data, cell, id) === 0)
      if (inside.length > 0) areas.push(areaUnderCurve(inside, outside))
    }
    expect(areas.length).toBeGreaterThan(6)
    // 0.5 is chance.
    expect(areas.reduce((sum, area) => sum + area, 0) / areas.length).toBeGreaterThan(0.7)
  })

  /** Share of a cell's pixels that have the class. */
  function share(mask: Uint8Array, cell: number, id: number): number {
    let count = 0
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) if (mask[(8 * Math.floor(cell / 8) + y) * size + 8 * (cell % 8) + x] === id) count++
    return count / 64
  }
})

/** The probability that one of the first is above one of the second. */
function areaUnderCurve(above: number[], below: number[]): number {
  const wins = above.flatMap((one) => below.map((other) => Number(one > other) + Number(one === other) / 2))
  return wins.reduce((sum, win) => sum + win, 0) / wins.length
}

function rowOf({ shape, data }: TensorData, row: number): number[] {
  const width = shape[1]!
  return [...(data as Float32Array).subarray(row * width, (row + 1) * width)]
}

function cosineOf(one: number[], other: number[]): number {
  const product = one.reduce((sum, value, at) => sum + value * other[at]!, 0)
  return product / (Math.hypot(...one) * Math.hypot(...other))
}
