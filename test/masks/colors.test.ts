import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { encodeIndexedPngSync } from '../../lib/formats/png.js'
import { type Color, maskPalette, vocColor } from '../../lib/masks/palette.js'
import { decodeMask, encodeMask, type ReadMaskOptions, readMask, writeMask } from '../../lib/masks/png.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

/** Numbers from 0 to 1, the same ones for the same seed. */
function draws(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}

function shuffled<T>(values: readonly T[], draw: () => number): T[] {
  const copy = [...values]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}

const SIDE = 6

/** A PNG of these indices with this palette, by nobody in particular. */
function indexed(data: Uint8Array, palette: readonly Color[]): Uint8Array {
  return encodeIndexedPngSync({ width: SIDE, height: SIDE, data, palette })
}

function read(bytes: Uint8Array, options?: ReadMaskOptions): number[] | string {
  try {
    return [...decodeMask(bytes, 'a.png', options).data]
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('R21: the ids of an indexed PNG are those meant, or it is refused', () => {
  const cases = 2000
  test(`${cases} masks whose palettes were cut to the colours in use and shuffled`, () => {
    let refused = 0
    for (let seed = 0; seed < cases; seed++) {
      const draw = draws(seed)
      const classes = shuffled(
        Array.from({ length: 20 }, (_, i) => i + 1),
        draw,
      ).slice(0, Math.floor(draw() * 5))
      const ids = [0, ...classes, ...(draw() < 0.5 ? [255] : [])]
      const order = shuffled(ids, draw)
      const meant = Array.from({ length: SIDE * SIDE }, () => ids[Math.floor(draw() * ids.length)]!)
      const indices = Uint8Array.from(meant, (id) => order.indexOf(id))
      const bytes = indexed(indices, order.map(vocColor))
      const found = read(bytes)
      if (found === 'SEMPLES_MASK_INVALID') refused++
      else expect(found).toEqual(meant)
      expect(read(bytes, { colors: 'use' })).toEqual(meant)
      expect(read(bytes, { colors: 'ignore' })).toEqual([...indices])
    }
    expect(refused).toBeGreaterThan(cases / 2)
    expect(refused).toBeLessThan(cases)
  })

  test('masks in the colours of a class table, whole or cut, in order or shuffled', () => {
    for (let seed = 0; seed < 500; seed++) {
      const draw = draws(seed)
      const colors = shuffled(
        Array.from({ length: 20 }, (_, i) => vocColor(i + 1)),
        draw,
      )
      const classes = Array.from({ length: 3 }, (_, i) => ({ id: 1 + 4 * i, color: colors[i]! }))
      const palette = maskPalette(classes)
      const ids = [0, ...classes.map(({ id }) => id)]
      const meant = Uint8Array.from({ length: SIDE * SIDE }, () => ids[Math.floor(draw() * ids.length)]!)
      const options = { palette, ids }
      // What semples writes has the table's own palette, and is read with and without the table.
      const ours = encodeMask({ width: SIDE, height: SIDE, data: meant }, palette)
      expect(read(ours, options)).toEqual([...meant])
      expect(read(ours)).toEqual([...meant])
      const order = shuffled(ids, draw)
      const cut = indexed(
        meant.map((id) => order.indexOf(id)),
        order.map((id) => palette[id]!),
      )
      const found = read(cut, options)
      if (found !== 'SEMPLES_MASK_INVALID') expect(found).toEqual([...meant])
      expect(read(cut, { ...options, colors: 'use' })).toEqual([...meant])
    }
  })

  const every = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => i % 4)
  test.each<[string, readonly Color[], ids?: number[]]>([
    ['the VOC palette', maskPalette()],
    ['the VOC palette, cut', maskPalette().slice(0, 4)],
    ['grey', Array.from({ length: 256 }, (_, i): Color => [i, i, i])],
    ['grey from black to white', [0, 85, 170, 255].map((grey): Color => [grey, grey, grey])],
    [
      "colours of one's own",
      [
        [0, 0, 0],
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
      ],
    ],
    ['a palette that ends before the indices do', [[0, 0, 0], vocColor(2)]],
    ['colours of ids that no class has', [0, 4, 6, 5].map(vocColor), [0, 1, 2, 3]],
  ])('%s says nothing: indices are ids', (...[, palette, ids]) => {
    expect(read(indexed(every, palette), { ids })).toEqual([...every])
  })

  test('colours of other classes are refused, and both ways out are named', () => {
    const bytes = indexed(every, [0, 1, 2, 4].map(vocColor))
    expect(() => decodeMask(bytes, 'a.png')).toThrow(
      expect.objectContaining({
        code: 'SEMPLES_MASK_INVALID',
        value: '0 in the colour of 0, 1 in the colour of 1, 2 in the colour of 2, 3 in the colour of 4',
        hint: expect.stringMatching(/--mask-colors use.*ignore/),
      }),
    )
  })

  test('a mask without a pixel of the background too', () => {
    const bytes = indexed(new Uint8Array(SIDE * SIDE), [vocColor(15)])
    expect(read(bytes)).toBe('SEMPLES_MASK_INVALID')
    expect(read(bytes, { colors: 'use' })).toEqual(Array.from({ length: SIDE * SIDE }, () => 15))
  })
})

test('writeMask marks colours of its own, so that they are read by index everywhere', async () => {
  const file = path.join(await temporaryFiles({}), 'a.png')
  const mask = { width: 2, height: 1, data: Uint8Array.of(0, 1) }
  await writeMask(file, mask, maskPalette([{ id: 1, color: vocColor(15) }]))
  expect(await readMask(file)).toEqual(mask)
})

test('truecolour: the colour of a class beats the VOC colour of an id without class; two classes of one colour are refused', async () => {
  const script =
    "import sys; from PIL import Image; im = Image.new('RGB', (2, 1)); im.putpixel((1, 0), (192, 128, 128)); im.save(sys.argv[1])"
  if (python === '') return
  const file = path.join(await temporaryFiles({}), 'a.png')
  await promisify(execFile)(python, ['-c', script, file])
  const one = { id: 1, color: vocColor(15) }
  expect([...(await readMask(file, { palette: maskPalette([one]) })).data]).toEqual([0, 1])
  expect([...(await readMask(file, { palette: maskPalette() })).data]).toEqual([0, 15])
  const two = [one, { id: 2, color: vocColor(15) }]
  await expect(readMask(file, { palette: maskPalette(two) })).rejects.toMatchObject({ code: 'SEMPLES_MASK_INVALID' })
})

needs('python').describe('masks that Pillow changed', () => {
  const script = `
import sys
from PIL import Image
source, folder = sys.argv[1:]
mask = Image.open(source)
mask.convert('RGB').quantize(3).save(folder + '/quantized.png')
mask.convert('RGB').convert('P', palette=Image.ADAPTIVE, colors=16).save(folder + '/adaptive.png')
mask.convert('RGB').save(folder + '/rgb.png')
mask.convert('RGBA').save(folder + '/rgba.png')
mask.save(folder + '/same.png', optimize=True)
`
  test('R21: quantised ones are refused or right, the others right', async () => {
    const folder = await temporaryFiles({})
    const source = path.join(folder, 'source.png')
    const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => [0, 15, 255][i % 3]!)
    await writeFile(source, encodeMask({ width: SIDE, height: SIDE, data }))
    await promisify(execFile)(python, ['-c', script, source, folder])
    const options = { palette: maskPalette() }
    for (const name of ['quantized', 'adaptive', 'rgb', 'rgba', 'same']) {
      const bytes = await readFile(path.join(folder, `${name}.png`))
      expect({ name, ids: read(bytes, { ...options, colors: 'use' }) }).toEqual({ name, ids: [...data] })
      if (['quantized', 'adaptive'].includes(name)) expect(read(bytes, options)).toBe('SEMPLES_MASK_INVALID')
      else expect(read(bytes, options)).toEqual([...data])
    }
  })
})
