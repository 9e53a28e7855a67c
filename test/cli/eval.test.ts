import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { given, run } from './fakes.js'

const root = mkdtempSync(join(tmpdir(), 'semples-eval-'))
const photos = join(root, 'photos')
mkdirSync(photos)
writeFileSync(join(photos, 'labels.csv'), 'file,labels\na.jpg,cat\n')
const list = join(root, 'list.txt')
writeFileSync(list, '\uFEFFa.jpg\r\nmore\\b.png\r\n\r\nc d\r\n')

test.each([
  ['a folder of ground truth', ['--ground-truth', root, '--classes', 'voc2012']],
  ['a plain folder of pictures', ['--data', photos, '--ground-truth', root]],
])('2.5: --list names the pictures to evaluate, of %s', async (_, words) => {
  const ran = await run(['eval', '--masks', root, ...words, '--list', list])
  expect(given(ran, 'evaluate').ids).toEqual(['a', 'more/b', 'c d'])
})

test('2.5: an empty list is refused', async () => {
  const empty = join(root, 'empty.txt')
  writeFileSync(empty, '\n \n')
  const ran = await run(['eval', '--masks', root, '--ground-truth', root, '--classes', 'voc2012', '--list', empty])
  expect([ran.status, ran.err.join()]).toEqual([1, expect.stringMatching(/names no picture/)])
})

test('3.13: --threshold is for masks', async () => {
  const ran = await run(['eval', '--masks', root, '--ground-truth', root, '--classes', 'voc2012', '--threshold', '0.4'])
  expect([ran.status, ran.err.join()]).toEqual([2, expect.stringMatching(/semples masks --threshold.*--sweep/)])
  expect(ran.calls).toEqual([])
})
