import { expect, test } from '@jest/globals'
import { loadAddon } from '../../lib/native/load.js'
import { children } from './child.js'
import { smoothImage } from './denseCrfReference.js'
import { describeNative } from './models.js'

describeNative('refinement of the largest and of many', () => {
  const node = children()

  test('a picture of 4096 x 4096', async () => {
    const [height, width] = [4096, 4096]
    const pixels = height * width
    const values = new Float32Array(2 * pixels)
    for (let i = 0; i < pixels; i++) {
      values[i] = i % width < 1000 + (i % 17) ? 0.8 : 0.3
      values[pixels + i] = 1 - values[i]!
    }
    const { labels, scores } = await loadAddon().refine({
      image: smoothImage(height, width, 1, 64),
      height,
      width,
      source: { values, channels: 2, height, width },
      method: {
        kind: 'crf',
        gaussian: [{ sxy: [3, 3], compat: 3 }],
        bilateral: [{ sxy: [50, 50], srgb: [5, 5, 5], compat: 4 }],
        iterations: 3,
      },
      scores: true,
      threads: 2,
    }).result
    expect(labels).toHaveLength(pixels)
    const q = scores!.data as Float32Array
    let furthest = 0
    for (let i = 0; i < pixels; i += 101) furthest = Math.max(furthest, Math.abs(q[i]! + q[pixels + i]! - 1))
    expect(furthest).toBeLessThan(2e-6)
    // Far from the edge between them, both labels stay.
    for (const row of [0, 2047, 4095]) expect([labels[row * width + 10], labels[row * width + 4000]]).toEqual([0, 1])
  }, 300_000)

  test('10,000 of 64 x 48 with 3 labels: the second half needs no more memory', async () => {
    const ending = await node(
      `
      const addon = (await load('native/load.js')).loadAddon()
      const [height, width] = [48, 64]
      const image = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i >> 3) * 5)
      const values = Float32Array.from({ length: 3 * height * width }, (_, i) => (i * 13 % 97) / 97)
      const method = { kind: 'crf', iterations: 5, gaussian: [{ sxy: [3, 3], compat: 3 }],
        bilateral: [{ sxy: [30, 30], srgb: [5, 5, 5], compat: 5 }] }
      const sizes = []
      for (let round = 0; round < 2500; round++) {
        await Promise.all([1, 2, 3, 4].map(() => addon.refine({ image, height, width, method, scores: round % 2 === 0,
          source: { values, channels: 3, height, width } }).result))
        if (round % 50 === 49) {
          globalThis.gc()
          sizes.push(process.memoryUsage.rss() / 2 ** 20)
        }
      }
      const median = (part) => part.sort((a, b) => a - b)[part.length >> 1]
      say([median(sizes.slice(5, 25)), median(sizes.slice(25, 45)), median(sizes.slice(-5))])`,
      { flags: ['--expose-gc'] },
    )
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [first, second, last] = ending.output as [number, number, number]
    // A label map that stayed after each would be 30 MB.
    expect(second - first).toBeLessThan(4)
    expect(last - first).toBeLessThan(6)
  }, 300_000)
})
