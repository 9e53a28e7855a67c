import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { Random } from '../../../lib/loader/random.js'
import type { LabelMap } from '../../../lib/masks/labelMap.js'
import type { VocSubmissionOptions } from '../../../lib/submission/types.js'
import { checkVocSubmission } from '../../../lib/submission/voc/checkVoc.js'
import { writeVocSubmission } from '../../../lib/submission/voc/writeVoc.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { needs } from '../../support/needs.js'
import { mountTinyDisk, type TinyDisk } from '../../support/tinyDisk.js'
import { drawnMask, writeMasks } from '../masks.js'
import { judgedInPython } from './judged.js'

const VALUES = Array.from({ length: 21 }, (_, id) => id)
const ids = ['2011_000003', '2008_000100', '2007_000032', '2009_004001', '2010_000001']

/** A folder with masks/, test.txt and images/, and what to write of it. */
async function world(
  values: readonly number[] = VALUES,
): Promise<{ root: string; masks: Record<string, LabelMap>; options: VocSubmissionOptions }> {
  const root = await temporaryFiles({ 'test.txt': `${ids.join('\r\n')}\n`, 'images/other.jpg': 3 })
  const masks = Object.fromEntries(ids.map((id, index) => [id, drawnMask(index, values)]))
  await writeMasks(join(root, 'masks'), { ...masks, '2099_000001': drawnMask(9, [255]) })
  for (const [id, { width, height }] of Object.entries(masks))
    await sharp({ create: { width, height, channels: 3, background: 'teal' } })
      .jpeg()
      .toFile(join(root, `images/${id}.jpg`))
  const options = {
    masks: join(root, 'masks'),
    list: join(root, 'test.txt'),
    images: join(root, 'images'),
    out: join(root, 'out/results.tgz'),
  }
  return { root, masks, options }
}

/** Names of the entries of an archive, from their headers: 100 bytes of name, the size in octal. */
function namesOf(archive: Buffer): string[] {
  const tar = gunzipSync(archive)
  const names: string[] = []
  for (let at = 0; tar[at] !== 0; ) {
    names.push(tar.toString('latin1', at, at + 100).replace(/\0.*$/s, ''))
    at += 512 + 512 * Math.ceil(Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) / 512)
  }
  return names
}

describe('the archive', () => {
  needs('python').test('is as the validator in Python wants it, and has the values of the masks', async () => {
    const { options, masks } = await world()
    const result = await writeVocSubmission(options)
    const folder = 'results/VOC2012/Segmentation/comp6_test_cls'
    const { size } = await stat(options.out)
    expect(result).toEqual({
      ...{ path: options.out, bytes: size, pictures: 5, competition: 'comp6', set: 'test', folder },
      ...{ voidPixels: 0, voidPictures: 0 },
    })
    const { results } = await judgedInPython(options.list, options.images!, [options.out])
    expect(results!.problems).toEqual({})
    expect(Object.keys(results!.values).sort()).toEqual([...ids].sort())
    for (const id of ids) expect([id, results!.values[id]]).toEqual([id, [...masks[id]!.data]])
  })

  test('holds folders and the ids of the list in order, and nothing besides', async () => {
    const { options } = await world()
    await writeVocSubmission({ ...options, competition: 'comp5', set: 'val' })
    const folder = 'results/VOC2012/Segmentation/comp5_val_cls'
    const above = ['results/', 'results/VOC2012/', 'results/VOC2012/Segmentation/', `${folder}/`]
    expect(namesOf(await readFile(options.out))).toEqual([
      ...above,
      ...[...ids].sort().map((id) => `${folder}/${id}.png`),
    ])
    const { findings } = await checkVocSubmission(options.out, { ...options, competition: 'comp5', set: 'val' })
    expect(findings).toEqual([])
  })

  test('has the same bytes whenever it is made, and whatever order the list has', async () => {
    const { root, options } = await world()
    await writeVocSubmission(options)
    await writeFile(options.list, [...ids].reverse().join('\n'))
    for (const name of await readdir(options.masks)) await utimes(join(options.masks, name), 9, 9)
    const again = join(root, 'again.tar.gz')
    await writeVocSubmission({ ...options, images: undefined, out: again })
    expect((await readFile(again)).equals(await readFile(options.out))).toBe(true)
  })

  test('void pixels become background where that is asked for, and are counted', async () => {
    const { options, masks } = await world([0, 7, 255])
    const held = Object.values(masks).map(({ data }) => data.filter((value) => value === 255).length)
    const result = await writeVocSubmission({ ...options, void: 'background' })
    expect(result.voidPixels).toBe(held.reduce((sum, number) => sum + number))
    expect(result.voidPictures).toBe(held.filter((number) => number > 0).length)
    expect(result.voidPictures).toBeGreaterThan(0)
    expect((await checkVocSubmission(options.out, options)).findings).toEqual([])
  })

  test('grey masks and progress', async () => {
    const { options, masks } = await world()
    const { width, height, data } = masks[ids[0]!]!
    await sharp(data, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(join(options.masks, `${ids[0]}.png`))
    const told: number[][] = []
    await writeVocSubmission({ ...options, onProgress: (done, total) => told.push([done, total]) })
    expect(told).toEqual([1, 2, 3, 4, 5].map((done) => [done, 5]))
    expect((await checkVocSubmission(options.out, options)).canSubmit).toBe(true)
  })
})

describe('refusals name the file and leave nothing behind', () => {
  const one = ids[1]!
  const mask = (root: string, value: LabelMap) => writeMasks(join(root, 'masks'), { [one]: value })
  const square = (value: number): LabelMap => ({ width: 2, height: 2, data: Uint8Array.of(0, 1, 2, value) })

  test.each<[string, object, Partial<VocSubmissionOptions>, ((root: string) => Promise<unknown>)?]>([
    [
      'void',
      { code: 'SEMPLES_MASK_CLASS', value: 255, message: /1 pixel of value 255.*--void background/ },
      { images: undefined },
      (root) => mask(root, square(255)),
    ],
    [
      '21',
      { code: 'SEMPLES_MASK_CLASS', value: 21 },
      { images: undefined, void: 'background' },
      (root) => mask(root, square(21)),
    ],
    [
      'another size',
      { code: 'SEMPLES_MASK_SIZE', message: /has 300x1 pixels, its picture/ },
      {},
      (root) => mask(root, { width: 300, height: 1, data: new Uint8Array(300) }),
    ],
    ['no PNG', { code: 'SEMPLES_MASK_INVALID' }, {}, (root) => writeFile(join(root, `masks/${one}.png`), 'x')],
  ])('%s', async (_, { message, ...expected }: { message?: RegExp }, changes, spoil) => {
    const { root, options } = await world()
    await spoil?.(root)
    const ran = writeVocSubmission({ ...options, ...changes })
    await expect(ran).rejects.toMatchObject({ ...expected, file: join(root, `masks/${one}.png`) })
    if (message !== undefined) await expect(ran).rejects.toThrow(message)
    expect(await readdir(join(root, 'out'))).toEqual([])
  })

  test.each<[string, object, Partial<VocSubmissionOptions>]>([
    ['a name that says another format', { code: 'SEMPLES_OPTION_INVALID', field: 'out' }, { out: 'results.zip' }],
    [
      'a competition that there is not',
      { code: 'SEMPLES_OPTION_INVALID', field: 'competition' },
      { competition: 'comp7' as 'comp5' },
    ],
    ['a set that there is not', { code: 'SEMPLES_OPTION_INVALID', field: 'set' }, { set: 'train' as 'val' }],
    ['no folder of masks', { code: 'SEMPLES_FILE_UNREADABLE' }, { masks: 'gone' }],
    ['no folder of pictures', { code: 'SEMPLES_FILE_UNREADABLE', field: 'images' }, { images: 'gone' }],
  ])('%s', async (_, expected, changes) => {
    const { root, options } = await world()
    await expect(writeVocSubmission({ ...options, ...changes })).rejects.toMatchObject(expected)
    expect(await readdir(root)).not.toContain('out')
  })

  test('pictures without masks are counted and named', async () => {
    const { root, options } = await world()
    await writeFile(options.list, `${ids[0]}\n2006_000001\n2006_000002\n`)
    await expect(writeVocSubmission(options)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_MISSING',
      message: expect.stringMatching(
        /^2 of the 3 pictures of .*test\.txt have no mask in .*: 2006_000001\.png, 2006_000002\.png /,
      ),
    })
    await writeFile(options.list, '2006_000001\n')
    await expect(writeVocSubmission(options)).rejects.toThrow(
      /^None of the 1 picture of .* must be named as the pictures are/,
    )
    expect(await readdir(root)).not.toContain('out')
  })

  test.each([
    ['train.txt', undefined],
    ['trainval.txt', undefined],
    ['test-val.txt', undefined],
    ['val.txt', 'val'],
    ['voc_VAL_2012.txt', 'val'],
    ['my-test.list', 'test'],
  ])('which set %s is', async (name, set) => {
    const { root, options } = await world()
    const list = join(root, name)
    await writeFile(list, ids.join('\n'))
    const ran = writeVocSubmission({ ...options, list })
    if (set === undefined)
      await expect(ran).rejects.toMatchObject({ code: 'SEMPLES_OPTION_INVALID', field: 'set', file: list })
    else expect((await ran).folder).toBe(`results/VOC2012/Segmentation/comp6_${set}_cls`)
  })

  test('masks whose masks.json says other class ids', async () => {
    const { options } = await world()
    const stated = async (classes: { id: number; label: string }[]) => {
      await writeFile(join(options.masks, 'masks.json'), JSON.stringify({ classes }))
      return writeVocSubmission(options)
    }
    const differ = { code: 'SEMPLES_CLASSES_DIFFER', file: options.masks }
    await expect(stated([{ id: 1, label: 'boat' }])).rejects.toMatchObject({
      ...differ,
      message: expect.stringContaining('boat is 1 by their masks.json, and 4 in VOC 2012'),
    })
    await expect(stated([{ id: 1, label: 'dinosaur' }])).rejects.toMatchObject({
      ...differ,
      message: expect.stringContaining('dinosaur'),
    })
    expect((await stated([{ id: 4, label: 'boat' }])).pictures).toBe(5)
  })

  test('nothing is written over', async () => {
    const { options } = await world()
    await writeVocSubmission(options)
    const before = await readFile(options.out)
    await expect(writeVocSubmission({ ...options, competition: 'comp5' })).rejects.toMatchObject({
      code: 'SEMPLES_OUTPUT_EXISTS',
      file: options.out,
    })
    expect((await readFile(options.out)).equals(before)).toBe(true)
  })

  test('an aborted job ends with the reason', async () => {
    const { root, options } = await world()
    const abort = new AbortController()
    const reason = new Error('enough')
    const onProgress = (done: number) => (done === 2 ? abort.abort(reason) : undefined)
    await expect(writeVocSubmission({ ...options, onProgress, signal: abort.signal })).rejects.toBe(reason)
    expect(await readdir(join(root, 'out'))).toEqual([])
  })
})

needs('mount').test('on a full disk nothing is left of it', async () => {
  const { options } = await world()
  const masks = Object.fromEntries(ids.map((id) => [id, noise(id)]))
  await writeMasks(options.masks, masks)
  const full = mountTinyDisk(32) as TinyDisk
  try {
    const ran = writeVocSubmission({ ...options, images: undefined, out: join(full.path, 'results.tgz') })
    await expect(ran).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
      hint: expect.stringContaining('disk is full'),
    })
    expect(await readdir(full.path)).toEqual([])
  } finally {
    full.remove()
  }
})

/** A mask that cannot be compressed well. */
function noise(id: string): LabelMap {
  const side = 150
  const random = new Random('noise', id)
  return { width: side, height: side, data: Uint8Array.from({ length: side * side }, () => random.integer(0, 20)) }
}
