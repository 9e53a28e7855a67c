import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { Random } from '../../../lib/loader/random.js'
import { referencePhotometric, type SampleAugment } from '../../../lib/loader/segmentation/options.js'
import {
  drawPhotometric,
  type PhotometricChange,
  photometricPass,
} from '../../../lib/loader/segmentation/photometric.js'
import { augmentSample } from '../../../lib/loader/segmentation/sample.js'
import { needs } from '../../support/needs.js'
import { runScript } from '../../support/python.js'
import { noise } from '../pictures.js'

/** Pictures of these sides, resized by these ratios. */
const sizes = [
  [31, 17, 1],
  [31, 17, 0.4],
  [17, 31, 2.3],
  [1, 1, 5],
  [1, 9, 3],
  [24, 24, 0.5],
  [20, 13, 7 / 3],
] as const

const none: PhotometricChange = { brightness: 0, contrast: 1, contrastFirst: false, saturation: 1, hue: 0 }
const changes: PhotometricChange[] = [
  none,
  { ...none, brightness: 20.7 },
  { ...none, brightness: -31.2, contrast: 1.43 },
  { ...none, contrast: 0.5, contrastFirst: true },
  { ...none, saturation: 0.53 },
  { ...none, saturation: 1.47 },
  { ...none, hue: 18 },
  { ...none, hue: -18 },
  { ...none, hue: 90, saturation: 0.77 },
  { brightness: 11, contrast: 1.37, contrastFirst: true, saturation: 1.21, hue: -7 },
  { brightness: 11, contrast: 1.37, contrastFirst: false, saturation: 1.21, hue: -7 },
  ...Array.from({ length: 12 }, (_, seed) => drawPhotometric(referencePhotometric, new Random(seed))),
]
// Even seeds: bytes of all values; odd ones: black and white in every mixture.
const pixels = [...noise(24, 24, 8).data, ...noise(4, 4, 3).data]

interface Answers {
  resize: { image: number[]; labels: number[] }[]
  change: number[][]
}

const reference = needs('python')

reference.describe('by torch and colorsys', () => {
  let answers: Answers
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'semples-sample-'))
    const resize = sizes.map(([width, height, ratio]) => ({
      width,
      height,
      to: [height, width].map((side) => Math.max(1, Math.round(side * ratio))),
      image: [...noise(width, height, 4).data],
      labels: [...labelsOf(width, height)],
    }))
    const change = changes.map((each) => ({ ...each, image: pixels }))
    writeFileSync(join(folder, 'questions.json'), JSON.stringify({ resize, change }))
    try {
      answers = JSON.parse(
        await runScript('test/loader/segmentation/reference.py', join(folder, 'questions.json')),
      ) as Answers
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 60_000)

  test.each(sizes.map((size, index) => [index, ...size] as const))(
    'case %i: %i x %i resized by %f',
    async (index, width, height, ratio) => {
      const options: SampleAugment = {
        size: 96,
        side: Math.min(width, height),
        ratio: [ratio, ratio],
        mostOfOneClass: 1,
        mirror: false,
        photometric: false,
      }
      const sample = { image: noise(width, height, 4), labels: labelsOf(width, height) }
      const made = await augmentSample(sample, options, new Random(1))
      const expected = answers.resize[index]!
      const [rows, columns] = [height, width].map((side) => Math.max(1, Math.round(side * ratio))) as [number, number]
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++) {
          expect(made.labels[y * 96 + x]).toBe(expected.labels[y * columns + x])
          for (let channel = 0; channel < 3; channel++) {
            const value = made.image.data[(y * 96 + x) * 3 + channel]!
            // Rounded: half a unit, and what float arithmetic leaves of a tie.
            expect(Math.abs(value - expected.image[(y * columns + x) * 3 + channel]!)).toBeLessThan(0.5 + 1e-6)
          }
        }
    },
  )

  test.each(changes.map((change, index) => [index, JSON.stringify(change)] as const))('change %i: %s', (index) => {
    const bytes = Uint8Array.from(pixels)
    photometricPass(changes[index]!)(bytes)
    const expected = answers.change[index]!
    const { contrast } = changes[index]!
    const off = expected.map((value, i) => Math.abs(value - bytes[i]!))
    // A tie that one of the two rounds the other way is a unit before the contrast.
    expect(Math.max(...off)).toBeLessThanOrEqual(Math.ceil(contrast))
    expect(off.filter((each) => each > 0).length).toBeLessThan(expected.length / 200)
  })
})

function labelsOf(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => (i * 37) % 256)
}
