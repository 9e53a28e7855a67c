import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { inspectFile } from '../../../lib/api.js'
import { Random } from '../../../lib/loader/random.js'
import { writeMask } from '../../../lib/masks/png.js'
import { factsOf, inspectionFolder } from './folder.js'

const { root, at, write } = inspectionFolder()
const noise = (count: number) => Buffer.from(Uint8Array.from({ length: count }, (_, i) => (i * 7919) % 251))

describe('masks', () => {
  test('ids with their shares, whatever they are', async () => {
    const random = new Random(11, 'masks')
    for (let round = 0; round < 30; round++) {
      const length = random.integer(1, 40)
      const pixels = Array.from({ length }, () => random.pick([0, 1, 7, 20, 254, 255]))
      await writeMask(at('any.png'), { width: length, height: 1, data: Uint8Array.from(pixels) })
      const { kind, mask } = await inspectFile(at('any.png'))
      expect([kind, mask!.width, mask!.height]).toEqual(['mask', length, 1])
      expect(mask!.ids.map(({ id }) => id)).toEqual([...new Set(pixels)].sort((a, b) => a - b))
      for (const { id, share } of mask!.ids)
        expect(share * length).toBeCloseTo(pixels.filter((pixel) => pixel === id).length)
    }
  })

  test('classes by masks.json beside it, and a class that this does not have', async () => {
    const folder = join(root, 'made')
    await mkdir(folder)
    write('made/masks.json', JSON.stringify({ classes: [{ id: 1, label: 'boat' }] }))
    await writeMask(join(folder, 'a.png'), { width: 2, height: 2, data: Uint8Array.of(0, 1, 1, 9) })
    const { ids, classes, found } = await factsOf(join(folder, 'a.png'))
    expect(ids).toBe('0 background 25.0 %, 1 boat 50.0 %, 9 25.0 %')
    expect(classes).toContain('masks.json')
    expect(found.notes.join(' ')).toContain('no 9')
  })

  test('in grey, and in the colours of VOC', async () => {
    const grey = sharp(Buffer.of(0, 15, 15, 255), { raw: { width: 4, height: 1, channels: 1 } }).toColourspace('b-w')
    await grey.png().toFile(at('grey.png'))
    expect((await factsOf(at('grey.png'))).mode).toBe('grey, 8 bits')
    // Person and background, as the VOC devkit colours them.
    const colours = Buffer.of(192, 128, 128, 0, 0, 0)
    await sharp(colours, { raw: { width: 2, height: 1, channels: 3 } })
      .png()
      .toFile(at('rgb.png'))
    const { ids, mode } = await factsOf(at('rgb.png'))
    expect(mode).toContain('RGB')
    expect(ids).toBe('0 background 50.0 %, 15 person 50.0 %')
  })

  test('255 alone is no class', async () => {
    await writeMask(at('unsure.png'), { width: 2, height: 1, data: Uint8Array.of(0, 255) })
    expect((await inspectFile(at('unsure.png'))).notes.join(' ')).toContain('255 is an unsure pixel')
  })

  test('a PNG that is cut off is refused', async () => {
    await writeMask(at('whole.png'), { width: 2, height: 1, data: Uint8Array.of(0, 1) })
    const bytes = await sharp(at('whole.png')).png({ palette: true }).toBuffer()
    write('cut.png', bytes.subarray(0, bytes.length - 30))
    await expect(inspectFile(at('cut.png'))).rejects.toMatchObject({ code: 'SEMPLES_MASK_INVALID' })
  })
})

describe('pictures', () => {
  const raw = { raw: { width: 20, height: 15, channels: 3 as const } }

  test('size and EXIF orientation', async () => {
    await sharp(noise(900), raw).withMetadata({ orientation: 6 }).jpeg().toFile(at('photo.jpg'))
    const { size, EXIF, found } = await factsOf(at('photo.jpg'))
    expect([found.kind, found.what]).toEqual(['picture', 'a JPEG picture'])
    expect(size).toContain('20x15, RGB')
    expect(EXIF).toContain('as 15x20')
  })

  test('a PNG in colours, or of more values than there are classes, is no mask', async () => {
    await sharp(noise(900), raw).png().toFile(at('colours.png'))
    await sharp(noise(300), { raw: { width: 20, height: 15, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(at('shades.png'))
    expect((await inspectFile(at('colours.png'))).kind).toBe('picture')
    expect((await inspectFile(at('shades.png'))).kind).toBe('picture')
  })
})
