import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { resizeMaps } from '../../../lib/formats/camFile/resize.js'
import type { ScoreMaps } from '../../../lib/formats/camFile/scores.js'
import { readNpy, writeNpy } from '../../../lib/formats/npy.js'
import { Random } from '../../../lib/loader/random.js'
import { needs } from '../../support/needs.js'
import { python } from '../../support/python.js'

function resized(maps: ScoreMaps, height: number, width: number): ScoreMaps {
  const steps = resizeMaps(maps, { height, width })
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}
const maps = (
  classes: number[],
  height: number,
  width: number,
  value: (map: number, y: number, x: number) => number,
) => ({
  classes,
  height,
  width,
  values: Float32Array.from({ length: classes.length * height * width }, (_, i) =>
    value(Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width),
  ),
})

describe('2.3: maps at the size of their picture', () => {
  test('a plane stays a plane, but for the outer half of the border pixels', () => {
    // Between pixel centres: x of the small map is (X + 0.5) / 4 - 0.5 of the large one.
    const large = resized(
      maps([1, 2], 6, 5, (map, y, x) => map + 0.1 * x - 0.02 * y),
      24,
      20,
    )
    for (let map = 0; map < 2; map++)
      for (let y = 2; y < 22; y++)
        for (let x = 2; x < 18; x++) {
          const plane = map + 0.1 * ((x + 0.5) / 4 - 0.5) - 0.02 * ((y + 0.5) / 4 - 0.5)
          expect(large.values[(map * 24 + y) * 20 + x]).toBeCloseTo(plane, 6)
        }
    expect(large).toMatchObject({ classes: [1, 2], height: 24, width: 20 })
  })

  test('one number is that number everywhere, and halves are means of two', () => {
    expect([
      ...resized(
        maps([3], 1, 1, () => 0.7),
        2,
        3,
      ).values,
    ]).toEqual(Array(6).fill(Math.fround(0.7)))
    expect([
      ...resized(
        maps([3], 1, 4, (_, __, x) => x),
        1,
        2,
      ).values,
    ]).toEqual([0.5, 2.5])
  })

  test('the same size, and no map, are returned as they are', () => {
    const same = maps([1], 3, 4, (_, y, x) => y + x)
    expect(resized(same, 3, 4)).toBe(same)
    const none = { classes: [], height: 0, width: 0, values: new Float32Array(0) }
    expect(resized(none, 3, 4)).toBe(none)
  })

  test('what is not a number stays none', () => {
    const broken = resized(
      maps([1], 2, 2, (_, y, x) => (y + x === 0 ? Number.NaN : 0.5)),
      4,
      4,
    )
    expect([broken.values[0], broken.values[15]]).toEqual([Number.NaN, 0.5])
  })

  needs('python').test('is what torch makes of them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semples-resize-'))
    const random = new Random(0, 'resize')
    const sizes = [
      [7, 9, 28, 36],
      [24, 32, 375, 500],
      [14, 14, 281, 375],
      [50, 60, 13, 17],
      [1, 5, 9, 3],
    ] as const
    const script = `
import sys, numpy as np, torch
for i, (h, w) in enumerate(${JSON.stringify(sizes.map(([, , height, width]) => [height, width]))}):
    maps = torch.from_numpy(np.load(f'{sys.argv[1]}/{i}.npy'))[None]
    torch_maps = torch.nn.functional.interpolate(maps, (h, w), mode='bilinear', align_corners=False)[0]
    np.save(f'{sys.argv[1]}/{i}-torch.npy', torch_maps.numpy())
`
    const all = sizes.map(([height, width]) => maps([1, 2], height, width, () => random.uniform(-1, 2)))
    for (const [i, { values, height, width }] of all.entries())
      await writeNpy(join(folder, `${i}.npy`), { dtype: 'float32', shape: [2, height, width], data: values })
    await promisify(execFile)(python, ['-c', script, folder])
    for (const [i, [, , height, width]] of sizes.entries()) {
      const expected = await readNpy(join(folder, `${i}-torch.npy`))
      const { values } = resized(all[i]!, height, width)
      expect(expected.shape).toEqual([2, height, width])
      // torch computes places in float32: off by some 1e-5 of a pixel.
      const most = values.reduce((max, value, at) => Math.max(max, Math.abs(value - Number(expected.data[at]))), 0)
      expect(most).toBeLessThan(2e-4)
    }
  })
})
