import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readMask } from '../../lib/masks/png.js'
import { inputsOfFolders } from '../../lib/refine/folders.js'
import { resolveRefineOptions } from '../../lib/refine/options.js'
import { checkName, OutputFolder } from '../../lib/refine/output.js'
import { refusal, rejection } from '../config/refusal.js'

const folder = () => mkdtemp(join(tmpdir(), 'semples-refined-'))
const settings = resolveRefineOptions()
const options = { overwrite: false }
const refined = { mask: { width: 1, height: 1, data: Uint8Array.of(7) }, classes: [7], ms: 1 }

test('masks are done once written, for the same settings', async () => {
  const out = await folder()
  const first = await OutputFolder.open({ ...options, out }, settings, [])
  expect(first.isDone('a')).toBe(false)
  const file = await first.write('a', refined)
  expect((await readMask(file)).data).toEqual(Uint8Array.of(7))
  const again = await OutputFolder.open({ ...options, out }, settings, [])
  expect([again.isDone('a'), again.isDone('b')]).toEqual([true, false])
  const over = await OutputFolder.open({ ...options, out, overwrite: true }, settings, [])
  expect(over.isDone('a')).toBe(false)
})

test('masks of other settings are not mixed with, unless told to', async () => {
  const out = await folder()
  const others = resolveRefineOptions({ preset: 'coco' })
  // Nothing was made yet: other settings are as good.
  await OutputFolder.open({ ...options, out }, others, [])
  const first = await OutputFolder.open({ ...options, out }, settings, [])
  await first.write('a', refined)
  expect(await rejection(OutputFolder.open({ ...options, out }, others, []))).toMatchObject({
    code: 'SEMPLES_OUTPUT_EXISTS',
    field: 'out',
    // With both values.
    message: expect.stringContaining('gaussian was [{"sxy":4,"compat":3}] and is [{"sxy":3,"compat":3}]'),
  })
  expect(JSON.parse(await readFile(join(out, 'refine.json'), 'utf8'))).toMatchObject({ bilateral: [{ sxy: 83 }] })
  await OutputFolder.open({ ...options, out, overwrite: true }, others, [])
  expect(JSON.parse(await readFile(join(out, 'refine.json'), 'utf8'))).toMatchObject({ bilateral: [{ sxy: 50 }] })
})

test('masks of unknown origin and inputs are not written over', async () => {
  const out = await folder()
  await writeFile(join(out, 'a.png'), 'precious')
  const taken = { code: 'SEMPLES_OUTPUT_EXISTS', file: join(out, 'a.png') }
  expect(await rejection(OutputFolder.open({ ...options, out }, settings, [], ['b', 'a']))).toMatchObject(taken)
  expect(await readdir(out)).toEqual(['a.png'])
  const output = await OutputFolder.open({ ...options, out }, settings, [])
  expect(await rejection(output.requireRoom('a', {}))).toMatchObject(taken)
  expect(
    await rejection(
      OutputFolder.open({ ...options, out }, settings, [join(out, '..', 'x', '..', out.split('/').at(-1)!)]),
    ),
  ).toMatchObject({
    code: 'SEMPLES_OUTPUT_EXISTS',
  })
})

test('with scores, both files make a mask done', async () => {
  const out = await folder()
  const scores = { dtype: 'float32' as const, shape: [1, 1, 1], data: Float32Array.of(1) }
  const first = await OutputFolder.open({ ...options, scores: 'npy', out }, settings, [])
  await first.write('a', { ...refined, scores })
  const again = await OutputFolder.open({ ...options, scores: 'npy', out }, settings, [])
  expect(again.isDone('a')).toBe(true)
})

test.each(['', '.', '..', '../a', 'a/b', '/etc/a', 'a\\b', '.hidden', 'C:a', 'a\0'])(
  'no name leaves the folder: %j',
  (name) => {
    expect(refusal(() => checkName(name))).toMatchObject({ code: 'SEMPLES_REFINE_INPUT', field: 'name' })
  },
)

test('files of two folders belong together by name', async () => {
  const [images, cams] = [await folder(), await folder()]
  for (const name of ['b.jpg', 'a.png', 'c.jpg', 'c.png', 'x.txt', 'lonely.jpg'])
    await writeFile(join(images, name), '')
  for (const name of ['a.npy', 'b.png', 'b.npz', 'c.npy', 'd.pkl', 'masks.json']) await writeFile(join(cams, name), '')
  const inputs = await inputsOfFolders({ images, cams })
  expect(inputs.map(({ name, image, scores, labels }) => [name, image, scores ?? labels])).toEqual([
    ['a', join(images, 'a.png'), join(cams, 'a.npy')],
    ['b', join(images, 'b.jpg'), join(cams, 'b.npz')],
    ['c', join(images, 'c.jpg'), join(cams, 'c.npy')],
    ['d', '', join(cams, 'd.pkl')],
  ])
  expect(inputs.map(({ failure }) => failure?.code)).toEqual([
    undefined,
    undefined,
    'SEMPLES_NAME_INVALID',
    'SEMPLES_PICTURE_MISSING',
  ])
})

test('folders that are not there or hold nothing are refused', async () => {
  const empty = await folder()
  expect(await rejection(inputsOfFolders({ images: empty, cams: join(empty, 'no') }))).toMatchObject({
    code: 'SEMPLES_FILE_UNREADABLE',
    field: 'cams',
  })
  expect(await rejection(inputsOfFolders({ images: empty, cams: empty }))).toMatchObject({
    code: 'SEMPLES_NO_PICTURES',
  })
})

test.each([
  [{ threshold: 0.3 }, { threshold: 0.4 }, 'threshold was 0.3 and is 0.4'],
  [{}, { backgroundPower: 2 }, 'backgroundPower was not given and is 2'],
  [{}, { method: 'pamr' as const }, 'method was "crf" and is "pamr"'],
  [{ classes: [0, 1] }, {}, 'classes was [0,1] and is not given'],
])('names the first setting that differs: %j, %j', async (before, now, said) => {
  const out = await folder()
  const first = await OutputFolder.open({ ...options, out }, resolveRefineOptions(before), [])
  await first.write('a', refined)
  const error = await rejection(OutputFolder.open({ ...options, out }, resolveRefineOptions(now), []))
  expect(error.message).toContain(said)
})

test('a class table that was used and is not given any more is another setting', async () => {
  const out = await folder()
  const first = await OutputFolder.open({ ...options, out }, { ...settings, classNames: { bus: 6 } }, [])
  await first.write('a', refined)
  const error = await rejection(OutputFolder.open({ ...options, out }, settings, []))
  expect(error.message).toContain('classNames was {"bus":6} and is not given')
  // Which options were typed is no setting.
  const same = { ...settings, classNames: { bus: 6 }, given: ['threshold'] }
  expect((await OutputFolder.open({ ...options, out }, same, [])).isDone('a')).toBe(true)
})

test('a record that a person has broken says nothing: what is there was made by nobody knows what', async () => {
  const out = await folder()
  const first = await OutputFolder.open({ ...options, out }, settings, [])
  await first.write('a', refined)
  await writeFile(join(out, 'refine.json'), '{')
  expect((await OutputFolder.open({ ...options, out }, settings, [])).isDone('a')).toBe(false)
})
