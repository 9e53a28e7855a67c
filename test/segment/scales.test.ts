import { describe, expect, test } from '@jest/globals'
import { scaleSizes } from '../../lib/segment/scales.js'

const published = { side: 520, window: 480, scales: [0.5, 0.75, 1, 1.25, 1.5, 1.75] }

describe('sizes of a picture at each scale', () => {
  test('the shorter side is that of the scale or a window; equal sizes stay', () => {
    // 500 x 375: 4/3. 520 * 0.75 = 390 is less than a window.
    expect(scaleSizes({ width: 500, height: 375 }, published)).toEqual([
      { width: 640, height: 480 },
      { width: 640, height: 480 },
      { width: 693, height: 520 },
      { width: 867, height: 650 },
      { width: 1040, height: 780 },
      { width: 1213, height: 910 },
    ])
  })

  test('upright pictures are lying ones turned', () => {
    for (const [width, height] of [
      [375, 500],
      [1, 1],
      [3, 77],
      [480, 480],
      [1, 500],
    ] as const)
      expect(scaleSizes({ width, height }, published)).toEqual(
        scaleSizes({ width: height, height: width }, published).map((size) => ({
          width: size.height,
          height: size.width,
        })),
      )
  })

  test('halves of a pixel round up', () => {
    expect(scaleSizes({ width: 2, height: 1 }, { side: 5, window: 1, scales: [0.5, 0.7] })).toEqual([
      { width: 6, height: 3 },
      { width: 8, height: 4 },
    ])
  })

  test('a line of pixels does not become millions of them', () => {
    expect(scaleSizes({ width: 500, height: 1 }, { side: 480, window: 480, scales: [1] })).toEqual([
      { width: 3840, height: 8 },
    ])
    // Just within: the aspect and the window are kept.
    expect(scaleSizes({ width: 80, height: 10 }, { side: 480, window: 480, scales: [1] })).toEqual([
      { width: 3840, height: 480 },
    ])
    for (const length of [10, 1000, 100_000]) {
      const [size] = scaleSizes({ width: length, height: 1 }, { side: 480, window: 480, scales: [1] })
      expect(size!.width * size!.height).toBeLessThanOrEqual(8 * 480 * 480)
      expect(size!.height).toBeGreaterThanOrEqual(1)
    }
  })
})
