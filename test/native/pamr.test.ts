import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import { loadAddon } from '../../lib/native/load.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'
import { largestDifference, randomNumbers } from './denseCrfReference.js'
import { describeNative } from './models.js'

interface Picture {
  image: Uint8Array
  height: number
  width: number
}
interface Problem extends Picture {
  /** [labels, height, width] */
  maps: Float32Array
  iterations: number
  dilations: number[]
}

async function refined({ maps, iterations, dilations, ...picture }: Problem, threads = 1): Promise<Float32Array> {
  const channels = maps.length / picture.height / picture.width
  const source = { values: maps, channels, height: picture.height, width: picture.width }
  const method = { kind: 'pamr', iterations, dilations } as const
  const { scores } = await loadAddon().refine({ ...picture, source, method, scores: true, threads }).result
  return scores!.data as Float32Array
}

/** As published, pixel by pixel in float64. */
function bruteForce({ image, height, width, maps, iterations, dilations }: Problem): Float64Array {
  const clamp = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1)
  const around = (pixel: number) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    const steps = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const))
    return dilations.flatMap((dilation) =>
      steps
        .filter(([dy, dx]) => dy !== 0 || dx !== 0)
        .map(([dy, dx]) => clamp(y + dy * dilation, height) * width + clamp(x + dx * dilation, width)),
    )
  }
  const weigh = (pixel: number, neighbours: number[]) => {
    const affinities = neighbours.map(() => 0)
    for (let color = 0; color < 3; color++) {
      const value = (at: number) => image[at * 3 + color]! / 255
      const values = [...neighbours, ...dilations.map(() => pixel)].map(value)
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length
      const sigma = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1))
      neighbours.forEach((neighbour, n) => {
        affinities[n]! -= Math.abs(value(pixel) - value(neighbour)) / (1e-8 + 0.1 * sigma) / 3
      })
    }
    const highest = Math.max(...affinities)
    const exponentials = affinities.map((affinity) => Math.exp(affinity - highest))
    const sum = exponentials.reduce((total, e) => total + e, 0)
    return exponentials.map((e) => e / sum)
  }
  const pixels = height * width
  const neighbours = Array.from({ length: pixels }, (_, pixel) => around(pixel))
  const weights = neighbours.map((of, pixel) => weigh(pixel, of))
  let current = Float64Array.from(maps)
  for (let iteration = 0; iteration < iterations; iteration++) {
    current = current.map((_, index) => {
      const [plane, pixel] = [index - (index % pixels), index % pixels]
      return neighbours[pixel]!.reduce((sum, n, k) => sum + weights[pixel]![k]! * current[plane + n]!, 0)
    })
  }
  return current
}

const published = [1, 2, 4, 8, 12, 24]

function problem(height: number, width: number, labels: number, dilations: number[], iterations = 10): Problem {
  const random = randomNumbers(height * width)
  const image = Uint8Array.from({ length: height * width * 3 }, () => random() * 256)
  const maps = Float32Array.from({ length: labels * height * width }, () => random())
  return { image, height, width, maps, iterations, dilations }
}

describeNative('pixel-adaptive refinement', () => {
  test.each([
    [1, 1, 2, published],
    [1, 19, 3, published],
    [18, 1, 2, [2, 40]],
    [9, 17, 6, published],
    [7, 5, 2, [1]],
    [6, 33, 5, [3, 3, 500]],
  ])('%i x %i, %i labels, dilations %j: what all pixels say one by one', async (height, width, labels, dilations) => {
    const whole = problem(height, width, labels, dilations)
    const result = await refined(whole)
    expect(largestDifference(result, bruteForce(whole))).toBeLessThan(1e-5)
    expect(await refined(whole, 3)).toEqual(result)
    expect(largestDifference(await refined({ ...whole, iterations: 0 }), whole.maps)).toBe(0)
  })

  test('an edge of colour stops it, in a picture of one colour all neighbours count alike', async () => {
    const whole = problem(8, 24, 2, [1, 2], 4)
    whole.maps = whole.maps.map((_, index) => (index % 24 < 12 === index < 192 ? 1 : 0))
    whole.image = whole.image.map((_, index) => (Math.floor(index / 3) % 24 < 12 ? 20 : 220))
    const within = await refined(whole)
    expect(largestDifference(within, whole.maps)).toBeLessThan(0.05)
    const across = await refined({ ...whole, image: new Uint8Array(whole.image.length).fill(77) })
    expect(largestDifference(across, whole.maps)).toBeGreaterThan(0.4)
  })
})

needs('python').describe('semples::pamr in Python', () => {
  interface Comparison {
    cases: Record<string, [reference: number, independent: number]>
    sums: number
    constants: number
    threads: boolean[]
    refusals: Record<string, string>
    unchanged: boolean
    strided: boolean
    defaults: boolean
  }
  let found: Comparison
  beforeAll(async () => {
    const library = fileURLToPath(new URL('../../build/semples_ops.so', import.meta.url))
    await runScript('scripts/oracle/build_ops.py', library)
    found = JSON.parse(await runScript('test/native/pamr.py', library)) as Comparison
  })

  test('its float64 reference and NumPy agree with it', () => {
    expect(Object.keys(found.cases).length).toBeGreaterThan(20)
    for (const differences of Object.values(found.cases)) expect(Math.max(...differences)).toBeLessThan(1e-5)
  })

  test('constants stay, and so do sums over labels', () => {
    expect(found.constants).toBeLessThan(1e-5)
    expect(found.sums).toBeLessThan(1e-5)
  })

  test('neither threads nor strides change it, and the defaults are the published ones', () => {
    expect(found.threads).not.toContain(false)
    expect(found).toMatchObject({ unchanged: true, strided: true, defaults: true })
  })

  test.each([
    ['NaN', /^ValueError: maps must be finite/],
    ['infinite', /^ValueError: maps must be finite/],
    ['float64', /^TypeError: maps must be float32, but is Double/],
    ['float image', /^TypeError: image must be uint8, but is Float/],
    ['size', /^ValueError: image must be \[3, 5, 3\] to fit maps, but has shape \[4, 5, 3\]/],
    ['two dimensions', /^ValueError: maps must be \[labels, height, width\], .* has shape \[4, 5\]/],
    ['no labels', /^ValueError: maps must be .* has shape \[0, 4, 5\]/],
    ['grey', /^ValueError: image must be .* has shape \[4, 5, 1\]/],
    ['iterations', /^ValueError: iterations must be 0 or more, but is -1/],
    ['no dilations', /^ValueError: dilations must be 1 to 16 numbers, but has 0/],
    ['dilation', /^ValueError: dilations must be 1 or more, but one is 0/],
    ['many dilations', /^ValueError: dilations must be 1 to 16 numbers, but has 17/],
  ])('refuses: %s', (name, message) => {
    expect(found.refusals[name]).toMatch(message)
  })
})
