import { expect, test } from '@jest/globals'
import { mostTogether, picturesTogether } from '../../../lib/runs/predict/batches.js'
import { scaleSizes } from '../../../lib/segment/scales.js'

const rules = { window: 96, stride: 64, atOnce: 4, flip: false }
const square = { width: 96, height: 96 }

test.each([
  ['one window', square, [square], rules, 4],
  ['one window and its mirror', square, [square], { ...rules, flip: true }, 2],
  ['two scales', square, [square, square], rules, 2],
  ['three windows', square, [{ width: 200, height: 96 }], rules, 1],
  ['more windows than are computed at a time', square, [{ width: 400, height: 96 }], rules, 1],
  ['room for many', square, [square], { ...rules, atOnce: 64 }, 4],
  ['a window at a time', square, [square], { ...rules, atOnce: 1 }, 1],
  ['half a megapixel', { width: 1024, height: 512 }, [square], rules, 2],
  ['many megapixels', { width: 4000, height: 3000 }, [square], rules, 1],
])('%s', (_, size, scales, own, together) => {
  expect(picturesTogether(size, scales, own)).toBe(together)
})

test('what memory is asked for has as many pixels as any batch of smaller pictures', () => {
  const sizes = [8, 96, 300, 512, 700, 1000, 1100, 3000].map((side) => ({ width: side, height: side }))
  for (const flip of [false, true])
    for (const [at, largest] of sizes.entries())
      for (const size of sizes.slice(0, at + 1)) {
        const own = { ...rules, flip }
        const together = picturesTogether(size, scaleSizes(size, { scales: [1], side: 96, window: 96 }), own)
        const asked = mostTogether(largest, 1, own) * largest.width * largest.height
        expect(asked).toBeGreaterThanOrEqual(together * size.width * size.height)
      }
})
