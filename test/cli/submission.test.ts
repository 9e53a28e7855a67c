import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeCocoResults } from '../../lib/submission/coco/writeCoco.js'
import { checkVocSubmission } from '../../lib/submission/voc/checkVoc.js'
import { writeVocSubmission } from '../../lib/submission/voc/writeVoc.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { drawnMask, writeMasks } from '../submission/masks.js'
import { given, run } from './fakes.js'

const voc = ['submission', 'voc', '--masks', 'm', '--list', 'test.txt', '--out', 'r.tgz']
const coco = ['submission', 'coco', '--masks', 'm', '--list', 'l.txt', '--out', 'r.json']
const check = ['submission', 'check', 'r.tgz', '--list', 'test.txt']

describe('submission', () => {
  test('voc: where the archive is and what is in it', async () => {
    const ran = await run([...voc, '--competition', 'comp5', '--set', 'val', '--images', 'i', '--void', 'background'])
    expect(ran.status).toBe(0)
    expect(given(ran, 'writeVocSubmission')).toMatchObject({
      ...{ masks: 'm', list: 'test.txt', out: 'r.tgz' },
      ...{ competition: 'comp5', set: 'val', images: 'i', void: 'background' },
    })
    expect(ran.out).toEqual([
      `The archive is ${resolve('r.tgz')} (1.3 MB)`,
      '  1,456 masks in results/VOC2012/Segmentation/comp5_val_cls',
      '  comp5: training on VOC 2012 alone',
      '  1,200 void pixels of 2 pictures became background',
    ])
  })

  test('coco: entries, categories, and how Python loads them', async () => {
    const words = [
      ...coco,
      '--images-json',
      'v.json',
      '--classes',
      'coco2014',
      '--scores',
      's.json',
      '--mask-colors',
      'use',
    ]
    const ran = await run(words)
    expect(given(ran, 'writeCocoResults')).toMatchObject({
      ...{ masks: 'm', imagesJson: 'v.json', list: 'l.txt', classes: 'coco2014', scores: 's.json', maskColors: 'use' },
    })
    expect(ran.out).toEqual([
      `The results are in ${resolve('r.json')} (2.5 MB)`,
      '  entries: 5, of 3 pictures; 1 of them has no class and no entry',
      '  categories: person 1, toothbrush 90',
      'In Python:',
      `  results = coco.loadRes(${JSON.stringify(resolve('r.json'))})`,
    ])
  })

  test('check: what is wrong, with what to do, and the exit status', async () => {
    expect(await run(check)).toMatchObject({
      status: 0,
      out: [
        'r.tgz: masks of all of the 1,456 pictures of the list',
        '  results/VOC2012/Segmentation/comp6_test_cls',
        'It can be sent.',
      ],
    })
    const root = await temporaryFiles({ 'test.txt': 'a\n', 'r.tgz': 'PK\x03\x04' })
    const words = ['submission', 'check', join(root, 'r.tgz'), '--list', join(root, 'test.txt')]
    const jobs = {
      checkVocSubmission: ({ archive, ...rest }: { archive: string; list: string }) =>
        checkVocSubmission(archive, rest),
    }
    expect(await run(words, jobs)).toMatchObject({
      status: 1,
      out: [
        `${join(root, 'r.tgz')}: masks of 0 of the 1 picture of the list`,
        'x The archive is a zip archive; the judge takes gzipped tar.',
        '  In the folder that holds results/, type: tar czf results.tgz results',
        'It should not be sent.',
      ],
    })
  })

  test('--json prints the result as one line', async () => {
    for (const words of [voc, coco, check]) {
      const { out } = await run([...words, '--json'])
      expect([out.length, typeof JSON.parse(out[0]!)]).toEqual([1, 'object'])
    }
  })

  test.each([
    [['submission', 'voc', '--masks', 'm', '--out', 'r.tgz'], /--list/],
    [[...voc, '--competition', 'comp7'], /comp7.*comp5, comp6/],
    [[...voc, '--set', 'train'], /train.*test, val/],
    [[...voc, '--void', 'keep'], /keep.*refuse, background/],
    [['submission', 'coco', '--masks', 'm', '--list', 'l'], /--out/],
    [['submission', 'check', '--list', 'l'], /file/],
    [['submission', 'vok'], /Did you mean voc/],
  ])('%j is refused', async (words, message) => {
    const ran = await run(words)
    expect([ran.status, ran.calls, ran.out]).toEqual([2, [], []])
    expect(ran.err.join('\n')).toMatch(message)
  })

  test('what the jobs refuse is said in the words of the command line', async () => {
    const root = await temporaryFiles({ 'ids.txt': 'a\n' })
    await writeMasks(join(root, 'm'), { a: { ...drawnMask(1, [255]) } })
    const jobs = { writeVocSubmission, writeCocoResults }
    const at = (...words: string[]) =>
      words.map((word) => (/^(m|ids\.txt|r\.\w+)$/.test(word) ? join(root, word) : word))
    const said = async (...words: string[]) => (await run(at('submission', ...words), jobs)).err.join('\n')
    const list = ['--masks', 'm', '--list', 'ids.txt']
    const unsure = await said('voc', ...list, '--out', 'r.tgz')
    expect(unsure).toContain('Say it: --set test for what the evaluation server judges')
    expect(await said('voc', ...list, '--set', 'test', '--out', 'r.tgz')).toContain(
      'make these background: --void background.',
    )
    expect(await said('voc', ...list, '--out', 'r.zip')).toContain('Name it as results.tgz (--out).')
    expect(await said('coco', ...list, '--out', 'r.json')).toContain('Name their class table: --classes coco2014.')
    expect(await said('coco', '--masks', 'm', '--out', 'r.json', '--classes', 'voc2012')).toContain(
      '(--images-json instances_val2014.json)',
    )
    await expect(readFile(join(root, 'r.tgz'))).rejects.toThrow('ENOENT')
  })
})
