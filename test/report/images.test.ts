import { describe, expect, test } from '@jest/globals'
import { decode } from 'fast-png'
import sharp from 'sharp'
import { drawPicture } from '../../lib/report/images/drawPicture.js'
import { drawing, type Image, photo } from '../../lib/report/images/encode.js'
import { enlarge, highest, overHeat } from '../../lib/report/images/heat.js'
import { maskPixels, overMask } from '../../lib/report/images/mask.js'
import { sample, shrink } from '../../lib/report/images/shrink.js'
import type { GalleryPicture } from '../../lib/report/runReport.js'
import { emptyReport } from './extremes.js'

const classes = [
  { id: 3, label: 'bird', color: [128, 128, 0] as const },
  { id: 200, label: 'kite', color: [1, 250, 99] as const },
]
const bytesOf = ({ uri }: Image) => Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64')
const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256)

describe('pictures', () => {
  test('are stored without loss where they are small', async () => {
    const data = noise(20 * 10 * 3)
    const image = await photo({ width: 20, height: 10, data })
    expect(image.uri).toMatch(/^data:image\/png;base64,/)
    expect([image.width, image.height]).toEqual([20, 10])
    const png = decode(bytesOf(image))
    expect(png.channels).toBe(3)
    expect(Array.from(png.data)).toEqual(Array.from(data))
  })

  test('are stored small where they are photographs', async () => {
    const picture = await shrink({ width: 1280, height: 960, data: noise(1280 * 960 * 3) }, 640)
    expect([picture.width, picture.height]).toEqual([640, 480])
    const image = await photo(picture)
    const { format, width, height } = await sharp(bytesOf(image)).metadata()
    expect([format, width, height]).toEqual(['webp', 640, 480])
  })

  test('are not touched where they fit', async () => {
    const picture = { width: 640, height: 5, data: noise(640 * 5 * 3) }
    expect(await shrink(picture, 640)).toBe(picture)
  })

  test('of another size keep their ids', () => {
    const ids = Uint8Array.of(1, 1, 2, 2, 1, 1, 2, 2)
    expect(Array.from(sample(ids, { width: 4, height: 2 }, { width: 2, height: 1 }))).toEqual([1, 2])
    expect(Array.from(sample(ids.subarray(0, 4), { width: 4, height: 1 }, { width: 2, height: 1 }))).toEqual([1, 2])
  })
})

describe('masks', () => {
  const mask = { width: 3, height: 1, data: Uint8Array.of(0, 200, 255) }

  test("have their classes' colours on a transparent ground, void as in VOC", async () => {
    const png = decode(bytesOf(await drawing(maskPixels(mask, classes))))
    expect(png.channels).toBe(4)
    expect(Array.from(png.data)).toEqual([0, 0, 0, 0, 1, 250, 99, 255, 224, 224, 192, 255])
  })

  test('over a picture leave their outline in full colour, tint the inside and take colour from the rest', () => {
    const size = { width: 5, height: 5 }
    const data = Uint8Array.from({ length: 25 }, (_, i) => (i % 5 > 0 && i % 5 < 4 && i > 4 && i < 20 ? 3 : 0))
    const red = Uint8Array.from({ length: 75 }, (_, i) => (i % 3 === 0 ? 200 : 0))
    const drawn = overMask({ ...size, data: red }, { ...size, data }, classes).data
    const at = (column: number, row: number) =>
      Array.from(drawn.subarray((row * 5 + column) * 3, (row * 5 + column) * 3 + 3))
    expect(at(1, 1)).toEqual([128, 128, 0])
    const [, inside] = at(2, 2)
    expect(inside).toBeGreaterThan(0)
    expect(inside).toBeLessThan(128)
    expect(new Set(at(0, 0)).size).toBe(1)
  })
})

describe('heat', () => {
  const luminance = ([red, green, blue]: Uint8Array) => 0.2126 * red + 0.7152 * green + 0.0722 * blue

  test('grows brighter from 0 to 1, so that it can be read without colours', () => {
    const grey = { width: 1, height: 1, data: Uint8Array.of(90, 90, 90) }
    const steps = Array.from({ length: 51 }, (_, i) => luminance(overHeat(grey, Float32Array.of(i / 50)).data))
    for (let i = 1; i < steps.length; i++) expect(steps[i]).toBeGreaterThan(steps[i - 1])
  })

  test('is 0 where there is no number, and stays between its ends', () => {
    const picture = { width: 4, height: 1, data: new Uint8Array(12).fill(90) }
    const drawn = overHeat(picture, Float32Array.of(Number.NaN, -3, 0, 7)).data
    expect(drawn.subarray(0, 3)).toEqual(drawn.subarray(6, 9))
    expect(drawn.subarray(3, 6)).toEqual(drawn.subarray(6, 9))
    const one = overHeat({ width: 1, height: 1, data: picture.data.slice(0, 3) }, Float32Array.of(1))
    expect(drawn.subarray(9)).toEqual(one.data)
  })

  test('is that of the highest map at each pixel', () => {
    const cams = Float32Array.of(0.25, 0.5, 0.75, 0.125)
    expect(Array.from(highest(cams, 2))).toEqual([0.75, 0.5])
    expect(Array.from(highest(new Float32Array(0), 2))).toEqual([0, 0])
  })

  test('of a grid lies where its cell lies', async () => {
    const values = new Float32Array(6)
    values[5] = 1
    const map = await enlarge({ rows: 2, columns: 3, values }, { width: 30, height: 20 })
    expect(map.length).toBe(600)
    const hottest = map.indexOf(Math.max(...map))
    expect([Math.floor((hottest % 30) / 10), Math.floor(hottest / 300)]).toEqual([2, 1])
    expect(map[0]).toBe(0)
  })

  test('of a grid of equal cells is the same everywhere', async () => {
    const map = await enlarge({ rows: 2, columns: 2, values: new Float32Array(4).fill(0.6) }, { width: 7, height: 5 })
    expect(new Set(map)).toEqual(new Set([map[0]]))
    expect(map[0]).toBeCloseTo(0.6, 2)
  })
})

describe('a picture of the gallery', () => {
  const picture: GalleryPicture = {
    id: 'one',
    width: 4,
    height: 1,
    pixels: noise(12),
    truth: { width: 4, height: 1, data: Uint8Array.of(0, 0, 3, 3) },
    labels: [3],
    labelSource: 'given',
    results: [
      {
        name: 'cam',
        cams: Float32Array.of(0, 1, 1, 1),
        mask: { width: 4, height: 1, data: Uint8Array.of(0, 3, 3, 3) },
      },
    ],
    promptMaps: [{ classId: 3, rows: 1, columns: 2, values: Float32Array.of(0.5, 0.125) }],
  }

  test('is judged alone: background 1 of 2 pixels, bird 2 of 3', async () => {
    const drawn = await drawPicture(picture, { ...emptyReport(), classes, gallery: [picture] })
    expect(drawn.results[0].miou).toBeCloseTo((1 / 2 + 2 / 3) / 2, 12)
    expect(drawn.results[0].ids).toEqual([3])
    expect(drawn.promptMaps).toMatchObject([{ classId: 3, lowest: 0.125, highest: 0.5 }])
  })

  test('is not judged without ground truth', async () => {
    const drawn = await drawPicture({ ...picture, truth: undefined }, { ...emptyReport(), classes, gallery: [picture] })
    expect([drawn.truth, drawn.results[0].miou]).toEqual([undefined, undefined])
  })

  test('larger than pages need is stored with its mask and maps in one smaller size', async () => {
    const [width, height] = [1300, 650]
    const data = new Uint8Array(width * height).fill(200)
    const mask = { width, height, data }
    const cams = new Float32Array(width * height)
    const large = {
      ...picture,
      width,
      height,
      pixels: noise(width * height * 3),
      truth: mask,
      results: [{ name: 'cam', cams, mask }],
    }
    const { image, truth, results, overlay, promptMaps } = await drawPicture(large, {
      ...emptyReport(),
      classes,
      gallery: [large],
    })
    const sizes = [image, truth!, results[0].heat, results[0].mask, overlay!].map((shown) => [
      shown.width,
      shown.height,
    ])
    expect(sizes).toEqual(Array(5).fill([640, 320]))
    expect([promptMaps[0].heat.width, promptMaps[0].heat.height]).toEqual([256, 128])
    expect(new Set(decode(bytesOf(truth!)).data)).toEqual(new Set([1, 250, 99, 255]))
  })
})
