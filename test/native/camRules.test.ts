import { beforeAll, expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { chooseCompute } from '../../lib/models/devices.js'
import type { CamRules, MaskGenerator, ScaledPicture } from '../../lib/models/maskGenerator.js'
import { rejection } from '../config/refusal.js'
import { expectClose } from '../support/close.js'
import { toNumbers } from '../support/numbers.js'
import { randomCnn } from './cnnReference.js'
import { smoothImage } from './denseCrfReference.js'
import { describeNative, hasNative } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

/** One map of [height, width]. */
interface Plane {
  height: number
  width: number
  values: ArrayLike<number>
}

/** Bilinear, half-pixel centres, edges repeated; of a larger plane the upper left `height` x `width` alone. */
function resized(plane: Plane, whole: { height: number; width: number }, height: number, width: number): Float64Array {
  const along = (at: number, size: number, own: number): [number, number, number] => {
    const place = Math.max(0, ((at + 0.5) * own) / size - 0.5)
    const first = Math.min(Math.floor(place), own - 1)
    return [first, Math.min(first + 1, own - 1), place - first]
  }
  return Float64Array.from({ length: height * width }, (_, index) => {
    const [top, bottom, down] = along(Math.floor(index / width), whole.height, plane.height)
    const [left, right, across] = along(index % width, whole.width, plane.width)
    const value = (row: number, column: number) => plane.values[row * plane.width + column]!
    const upper = value(top, left) * (1 - across) + value(top, right) * across
    const lower = value(bottom, left) * (1 - across) + value(bottom, right) * across
    return upper * (1 - down) + lower * down
  })
}

function mirrored({ height, width, data }: ScaledPicture): ScaledPicture {
  const flipped = new Uint8Array(data.length)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) flipped[(y * width + x) * 3 + c] = data[(y * width + width - 1 - x) * 3 + c]!
  return { height, width, data: flipped }
}

/** The rules in float64, on maps that the generator gives picture by picture. */
async function byHand(
  generator: MaskGenerator,
  scales: readonly ScaledPicture[],
  classes: readonly number[],
  { flip = true, scaling = 'minmax', fit = 'stretch' }: CamRules,
  { height, width }: { height: number; width: number },
): Promise<number[]> {
  const strides = (side: number) => 16 * Math.ceil(side / 16)
  const whole = fit === 'cut' ? { height: strides(height), width: strides(width) } : { height, width }
  const sums = classes.map(() => new Float64Array(height * width))
  for (const scale of scales)
    for (const turned of flip ? [false, true] : [false]) {
      const { cam } = await generator.forward({
        pixels: (turned ? mirrored(scale) : scale).data,
        count: 1,
        ...sizeOf(scale),
      })
      for (const [at, index] of classes.entries()) {
        const plane = planeOf(cam!, index)
        const map = resized(plane, whole, height, width)
        for (let pixel = 0; pixel < map.length; pixel++) {
          const [y, x] = [Math.floor(pixel / width), pixel % width]
          sums[at]![pixel]! += map[turned ? y * width + width - 1 - x : pixel]!
        }
      }
    }
  return sums.flatMap((sum) => {
    const [low, high] = [Math.min(...sum), Math.max(...sum)]
    return [...sum.map((value) => (scaling === 'max' ? value / (high + 1e-5) : (value - low) / (high - low + 1e-8)))]
  })
}

const sizeOf = ({ height, width }: ScaledPicture) => ({ height, width })

function planeOf(maps: TensorData, index: number): Plane {
  const [, , height = 0, width = 0] = maps.shape
  const cells = height * width
  return { height, width, values: toNumbers(maps).subarray(index * cells, (index + 1) * cells) }
}

describeNative('rules by which runs become maps', () => {
  const classes = [2, 0]
  const rules: CamRules[] = (['minmax', 'max'] as const).flatMap((scaling) =>
    (['stretch', 'cut'] as const).flatMap((fit) => [true, false].map((flip) => ({ flip, scaling, fit }))),
  )
  const picture = (height: number, width: number): ScaledPicture => ({
    height,
    width,
    data: smoothImage(height, width, height + width),
  })

  test.each(rules)('%j: as by hand, for sides that are multiples of 16 and others', async (rule) => {
    for (const backbone of ['resnet50', 'efficientnet-lite0']) {
      const { generator } = await randomCnn({ kind: 'cnn', backbone, width: 0.25, classes: 3, seed: 4 })
      for (const sides of [
        [[48, 64]],
        [
          [49, 75],
          [25, 38],
          [98, 150],
        ],
        [
          [33, 17],
          [50, 26],
        ],
      ]) {
        const scales = sides.map(([height, width]) => picture(height!, width!))
        const size = sizeOf(scales[0]!)
        const found = await generator.cams(scales, classes, rule)
        expect([found.height, found.width]).toEqual([size.height, size.width])
        const expected = await byHand(generator, scales, classes, rule, size)
        expectClose(found.cams, expected, { name: JSON.stringify(sides), relMax: 1e-4 })
        expect(Math.max(...expected)).toBeGreaterThan(0.9)
      }
      generator.dispose()
    }
  })

  test('another size of the maps is cut by its own multiple of 16', async () => {
    const { generator } = await randomCnn({ kind: 'cnn', width: 0.25, classes: 3, seed: 4 })
    const rule = { fit: 'cut', scaling: 'max' } as const
    const [scales, size] = [[picture(40, 56)], { height: 71, width: 90 }]
    const found = await generator.cams(scales, classes, rule, size)
    expectClose(found.cams, await byHand(generator, scales, classes, rule, size), { relMax: 1e-4 })
  })

  test('without rules: mirrored too, stretched, from minimum to maximum', async () => {
    const { generator } = await randomCnn({ kind: 'cnn', width: 0.25, classes: 3, seed: 4 })
    const scales = [picture(45, 60)]
    const named = await generator.cams(scales, classes, { flip: true, scaling: 'minmax', fit: 'stretch' })
    expect(await generator.cams(scales, classes)).toEqual(named)
  })

  test.each([
    [{ scaling: 'range' }, 'scaling', /minmax or max/],
    [{ fit: 'crop' }, 'fit', /stretch or cut/],
    [{ flip: 1 }, 'flip', /./],
  ])('%j is refused', async (wrong, field, words) => {
    const { generator } = await randomCnn({ kind: 'cnn', width: 0.125, classes: 3 })
    const error = await rejection(generator.cams([picture(20, 20)], classes, wrong as unknown as CamRules))
    expect(error).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field })
    expect(error.message).toMatch(words)
  })
})
