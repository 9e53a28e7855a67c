import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { classTable } from '../../lib/datasets/classes/names.js'
import { Renumbering } from '../../lib/datasets/predictions/classTables.js'
import { evaluatePictures } from '../../lib/evaluate/evaluate.js'
import { encodeMask } from '../../lib/masks/png.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'

const side = 8
/** Half a mask of one class. */
const half = (id: number) =>
  encodeMask({ width: side, height: side, data: new Uint8Array(side * side).fill(id, 0, 32) })
const masksJson = (labels: Record<string, number>) =>
  JSON.stringify({ classes: Object.entries(labels).map(([label, id]) => ({ id, label })), of: 'folder data' })
const classesJson = (labels: Record<string, number>) =>
  JSON.stringify(Object.entries(labels).map(([label, id]) => ({ label, id })))

const alphabet = { boat: 1, cat: 2, dog: 3 }
const drawn = { dog: 1, boat: 2, cat: 3 }
const shown = { a: 'boat', b: 'cat', c: 'dog' } as const

/** Pictures a, b and c of one class each: class folders, masks by the alphabet, ground truth by another table above it. */
async function scene(changes: Record<string, string | Uint8Array> = {}): Promise<string> {
  const files: Record<string, string | Uint8Array> = {
    'masks/masks.json': masksJson(alphabet),
    'truth/classes.json': classesJson(drawn),
  }
  for (const [id, label] of Object.entries(shown)) {
    files[`data/${label}/${id}.jpg`] = 'a picture that nobody opens'
    files[`masks/${id}.png`] = half(alphabet[label])
    files[`truth/masks/${id}.png`] = half(drawn[label])
  }
  return temporaryFiles({ ...files, ...changes })
}

const judge = async (root: string, more: { classes?: string; masks?: string } = {}) =>
  evaluate({
    masks: join(root, 'masks'),
    groundTruth: { folder: join(root, 'data'), masks: join(root, 'truth/masks') },
    ...more,
  })

describe('1.3: the same classes under other ids', () => {
  test('the table above the ground truth is taken where labels agree with it, and masks are matched by name', async () => {
    const { miou, perClass, warnings } = await judge(await scene())
    expect(miou).toBe(1)
    expect(perClass.map(({ label }) => label)).toEqual(['background', 'dog', 'boat', 'cat'])
    expect(warnings.join('\n')).toMatch(/ids of the ground truth are those of .*truth\/classes\.json/)
    expect(warnings.join('\n')).toMatch(/matched by name: boat is 1 by masks\.json .*, and 2 in the ground truth/)
  })

  test('the same with that table given, also for a folder of ground truth', async () => {
    const root = await scene()
    const classes = join(root, 'truth/classes.json')
    const given = await judge(root, { classes })
    const ofFolder = await evaluate({ masks: join(root, 'masks'), groundTruth: join(root, 'truth/masks'), classes })
    for (const { miou, warnings } of [given, ofFolder]) {
      expect(miou).toBe(1)
      expect(warnings).toEqual([expect.stringMatching(/matched by name/)])
    }
  })

  test('ground truth by the alphabet beside a table of something else stays as it is', async () => {
    const truth = Object.entries(shown).map(([id, label]) => [`truth/masks/${id}.png`, half(alphabet[label])])
    const { miou, warnings } = await judge(await scene(Object.fromEntries(truth)))
    expect([miou, warnings]).toEqual([1, []])
  })

  test('masks that do not state their table: a warning that names the table', async () => {
    const root = await scene()
    await rm(join(root, 'masks/masks.json'))
    const { miou, warnings } = await judge(root)
    expect(miou).toBeLessThan(0.5)
    expect(warnings).toEqual([
      expect.stringMatching(/of 3 of 3 pictures holds none .* labelled with.*--classes .*truth\/classes\.json/),
    ])
  })

  test('a folder of ground truth with another table beside it: a warning that names it', async () => {
    const root = await scene()
    const classes = classTable('run', Object.keys(alphabet))
    const folder = { masks: join(root, 'masks'), groundTruth: join(root, 'truth/masks'), classes }
    expect((await evaluate(folder)).warnings).toEqual([
      expect.stringMatching(/truth\/classes\.json.* there dog is 1, here 3\. .*--classes .*matched by name/),
    ])
    await writeFile(join(root, 'truth/masks/classes.json'), classesJson(alphabet))
    expect((await evaluate(folder)).warnings).toEqual([])
  })

  test('a class that the ground truth does not have is refused where it occurs', async () => {
    const root = await scene({ 'masks/masks.json': masksJson({ ...alphabet, cow: 4 }) })
    expect((await judge(root)).miou).toBe(1)
    await writeFile(join(root, 'masks/b.png'), half(4))
    await expect(judge(root)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_CLASS',
      message: expect.stringMatching(/b\.png has pixels of cow, a class that the ground truth does not have/),
    })
  })

  test('tables with names of which none has two ids are not matched', () => {
    const one = classTable('a', ['aeroplane', 'bicycle'])
    expect(Renumbering.of(one, classTable('b', ['airplane', 'bicycle']), 'x')).toBeUndefined()
    expect(Renumbering.of(undefined, one, 'x')).toBeUndefined()
    expect(Renumbering.of(classTable('c', ['bicycle']), one, 'x')?.idOf(1, 'm')).toBe(2)
  })

  test('maps beside masks are matched too', async () => {
    const root = await scene()
    const { writeCamFile } = await import('../../lib/formats/camFile/write.js')
    for (const [id, label] of Object.entries(shown)) {
      const data = new Float32Array(side * side).fill(0.9, 0, 32)
      const maps = { data, classIds: [alphabet[label]], height: side, width: side }
      await writeCamFile(join(root, 'masks', `${id}.npz`), maps, 'npz')
    }
    const groundTruth = { folder: join(root, 'data'), masks: join(root, 'truth/masks') }
    expect((await evaluate({ cams: join(root, 'masks'), groundTruth })).miou).toBe(1)
  })
})

describe('2.5: pictures without a mask', () => {
  const classes = classTable('two', ['cat', 'dog'])
  const missing = async (files: Record<string, string | Uint8Array>) => {
    const root = await temporaryFiles({ 'gt/a.png': half(1), 'gt/b.png': half(1), 'gt/c.png': half(2), ...files })
    return evaluatePictures({ masks: join(root, 'p'), groundTruth: join(root, 'gt'), classes })
  }

  test.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    [
      'some',
      { 'p/a.png': half(1) },
      /2 of the 3 pictures of .*gt have no mask in .*p; the first .* is b \(.*--list FILE/,
    ],
    ['none', { 'p/x.png': half(1) }, /None of the 3 pictures .* as a\.png.*1 PNG, as x\.png: masks must be named/],
    ['maps', { 'p/a.npy': 'x' }, /no PNG, but 1 \.npy file.*--cams DIR/],
    ['other files', { 'p/a.txt': 'x' }, /no PNG; it has a\.txt/],
    ['no folder', {}, /There is no folder .*p\./],
    [
      'masks of the other split',
      { 'p/x.png': half(1), 'p/masks.json': '{"of": "voc2012 val", "split": "val"}' },
      /masks of the pictures to evaluate on, of voc2012 val: .*--split val/,
    ],
    [
      'masks of other data',
      { 'p/x.png': half(1), 'p/masks.json': '{"of": "folder photos"}' },
      /masks of folder photos\. Make/,
    ],
  ])('%s', async (_, files, message) => {
    await expect(missing(files)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_MISSING',
      message: expect.stringMatching(message),
    })
  })

  test('3.13: masks without maps: how to get them', async () => {
    const root = await temporaryFiles({ 'gt/a.png': half(1), 'p/a.png': half(1), 'p/masks.json': '{}' })
    await expect(
      evaluatePictures({ cams: join(root, 'p'), groundTruth: join(root, 'gt'), classes }),
    ).rejects.toMatchObject({ code: 'SEMPLES_MASK_MISSING', hint: expect.stringMatching(/--npz/) })
  })
})
