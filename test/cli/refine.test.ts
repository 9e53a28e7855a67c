import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { refineMasks, tuneRefinement } from '../../lib/index.js'
import { needs } from '../support/needs.js'
import { given, run, tuned } from './fakes.js'

const folders = ['refine', '--images', 'photos', '--cams', 'cams', '--out', 'refined']
const broken = (name: string) => ({ name, error: new SemplesError('SEMPLES_X', { message: `${name} is broken.` }) })

describe('semples refine', () => {
  test('hands folders over, and says what became of them', async () => {
    const ran = await run(folders)
    expect(given(ran, 'refine')).toMatchObject({ images: 'photos', cams: 'cams', out: 'refined', errors: 'collect' })
    expect([ran.status, ran.out]).toEqual([
      0,
      ['2 refined masks (and 1 finished before) are in refined, 4.0 pictures/s'],
    ])
    expect(ran.calls[0]![0]).toBe('ensureLibTorch')
  })

  test('takes settings as a person types them', async () => {
    const ran = await run([
      ...folders,
      ...['--preset', 'coco', '--gaussian', '3,4', '--bilateral', '50,5,10', '--unary', 'soft', '--iterations', '5'],
      ...['--classes', '0,15-17,19', '--confidence', '0.9', '--gt-prob', '0.8', '--background-power', '2'],
      ...['--npz', '--overwrite', '--fail-fast', '--concurrency', '3', '--threads', '2', '--memory', '512'],
    ])
    expect(given(ran, 'refine')).toMatchObject({
      preset: 'coco',
      gaussian: { sxy: 3, compat: 4 },
      bilateral: { sxy: 50, srgb: 5, compat: 10 },
      unary: 'soft',
      iterations: 5,
      classes: [0, 15, 16, 17, 19],
      confidence: 0.9,
      gtProb: 0.8,
      backgroundPower: 2,
      withScores: 'npz',
      overwrite: true,
      errors: 'throw',
      concurrency: 3,
      threads: 2,
      memoryLimit: 512 * 2 ** 20,
    })
  })

  test('tells of failures, a few by name, and ends with status 1', async () => {
    const failed = Array.from({ length: 12 }, (_, index) => broken(`picture${index}`))
    const ran = await run(folders, {
      refine: async () => ({ refined: 0, skipped: 0, failed, seconds: 1, warnings: [], out: 'x' }),
    })
    expect(ran.status).toBe(1)
    expect(ran.out[0]).toBe('picture0: picture0 is broken.')
    const others = Array.from({ length: 10 }, (_, index) => `picture${index + 1}`).join(', ')
    expect(ran.out.slice(1)).toEqual([
      `  the same: ${others}, and 1 more`,
      '12 pictures failed.',
      '0 refined masks are in x',
    ])
    const json = await run([...folders, '--json'], {
      refine: async () => ({ refined: 1, skipped: 0, failed: [broken('a')], seconds: 1, warnings: [], out: 'x' }),
    })
    expect(JSON.parse(json.out.at(-1)!)).toEqual({
      refined: 1,
      skipped: 0,
      failed: [{ name: 'a', code: 'SEMPLES_X', message: 'a is broken.' }],
      seconds: 1,
      warnings: [],
      out: 'x',
    })
  })

  test('3.4: one fault in pictures of many sizes is told of once, and another beside it', async () => {
    const wrong = (name: string, [height, width]: [number, number], code = 'SEMPLES_REFINE_INPUT') => ({
      name,
      error: new SemplesError(code, {
        message: `${name} does not fit.`,
        field: 'labels',
        expected: `${width}x${height}, one byte a pixel`,
        hint: 'Make them at the size of the picture.',
      }),
    })
    const sizes = Array.from({ length: 60 }, (_, i): [number, number] => [200 + i, 300 + 2 * i])
    const failed = [...sizes.map((size, i) => wrong(`p${i}`, size)), wrong('q', [1, 1], 'SEMPLES_X')]
    const ran = await run(folders, {
      refine: async () => ({ refined: 0, skipped: 0, failed, seconds: 1, warnings: [], out: 'x' }),
    })
    expect(ran.out).toEqual([
      expect.stringMatching(/^p0: p0 does not fit/),
      '  the same: p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, and 49 more',
      expect.stringMatching(/^q: /),
      '61 pictures failed.',
      '0 refined masks are in x',
    ])
  })

  test('3.6: an option that is refused is named as it was typed', async () => {
    const refused = (field: string, message: string) => async () => {
      throw new SemplesError('SEMPLES_CONFIG_INVALID', { message, field, value: 1, expected: 'less' })
    }
    const first = await run([...folders, '--gt-prob', '1'], {
      refine: refused('gtProb', 'The value of gtProb does not fit.'),
    })
    expect([first.status, first.err[0]]).toEqual([
      2,
      expect.stringMatching(/value of --gt-prob does.*\(expected less, /),
    ])
    const second = await run([...folders, '--memory', '0'], { refine: refused('memoryLimit', 'A number is wrong.') })
    expect(second.err[0]).toMatch(/wrong \(--memory, expected less/)
  })

  test('2.6: labels need the class table that names them', async () => {
    const ran = await run([...folders, '--labels', 'cls_labels.npy', '--class-table', 'voc2012'])
    expect(given(ran, 'refine')).toMatchObject({ imageLabels: 'cls_labels.npy', classTable: 'voc2012' })
    expect(given(ran, 'refine')).not.toHaveProperty('labels')
    const words = ['refine', '--images', 'i', '--cams', 'c', '--tune', '4', '--ground-truth', 't']
    const tune = await run([...words, '--labels', 'l.csv', '--class-table', 'voc2012'])
    expect(given(tune, 'tune')).toMatchObject({ imageLabels: 'l.csv' })
    const without = await run([...folders, '--labels', 'l.csv'])
    expect([without.status, without.err.join()]).toEqual([2, expect.stringMatching(/--labels.*--class-table voc2012/)])
  })

  test('says what scores are, in its own words', async () => {
    const kinds = ['--scores', 'logits', '--axes', 'hwc', '--class-table', 'voc2012', '--entry', 'cam']
    const ran = await run([...folders, ...kinds])
    expect(given(ran, 'refine')).toMatchObject({ values: 'logits', axes: 'hwc', classTable: 'voc2012', entry: 'cam' })
    expect((await run([...folders, '--scores', 'softmax'])).status).toBe(2)
  })

  test('takes a device, for masks and for a search, and fetches the LibTorch for it', async () => {
    const words = ['refine', '--images', 'photos', '--cams', 'cams', '--tune', '4', '--ground-truth', 'truth']
    for (const [job, line] of [
      ['refine', folders],
      ['tune', words],
    ] as const) {
      for (const device of ['cpu', 'cuda', 'cuda:1']) {
        const ran = await run([...line, '--device', device])
        expect([ran.status, given(ran, job).device]).toEqual([0, device])
        expect(given(ran, 'ensureLibTorch')).toMatchObject({ device })
      }
      expect(given(await run([...line]), job).device).toBeUndefined()
    }
  })

  test.each(['auto', 'gpu', 'cuda:x', ''])('refuses the device %j before LibTorch is looked for', async (device) => {
    const ran = await run([...folders, '--device', device])
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err[0]).toMatch(/--device.*cpu, cuda or cuda:<number>/)
  })

  test('N17: prints warnings, the true rate, and one mask as one', async () => {
    const ran = await run(folders, {
      refine: async () => ({ refined: 1, skipped: 0, failed: [], seconds: 40, warnings: ['look at a'], out: 'x' }),
    })
    expect(ran.out).toEqual(['warning: look at a', '1 refined mask is in x, 40 s a picture'])
  })

  test('searches settings, and prints a table and what to type', async () => {
    const words = ['refine', '--images', 'photos', '--cams', 'cams', '--tune', '40', '--ground-truth', 'truth']
    const ran = await run([...words, '--seed', '3', '--class-table', 'voc2012', '--iterations', '5', '--memory', '512'])
    expect(ran.calls.map(([name]) => name)).toEqual(['ensureLibTorch', 'tune'])
    expect(given(ran, 'tune')).toMatchObject({
      images: 'photos',
      cams: 'cams',
      groundTruth: 'truth',
      settings: 40,
      seed: 3,
      classTable: 'voc2012',
      iterations: 5,
      memoryLimit: 512 * 2 ** 20,
    })
    for (const field of ['out', 'tune', 'memory', 'overwrite', 'json'])
      expect(given(ran, 'tune')).not.toHaveProperty(field)
    expect([ran.status, ran.err]).toEqual([0, ['warning: few pictures']])
    expect(ran.out).toEqual([
      'settings                                         preset  mIoU %',
      '--gaussian 2,3 --bilateral 60,7,8 --gt-prob 0.8           60.00',
      '--preset coco                                    coco     50.00',
      '',
      'chosen on 2 pictures, judged on 1 other',
      'held out: default 50.00 %, chosen 55.00 % (+5.00 points)',
      'Beside the options that were given, type:',
      '  --gaussian 2,3 --bilateral 60,7,8 --gt-prob 0.8',
    ])
    const json = JSON.parse((await run([...words, '--json'])).out.at(-1)!)
    expect(json.best).toMatchObject({ heldOut: 0.55, typed: '--gaussian 2,3 --bilateral 60,7,8 --gt-prob 0.8' })
    expect(json).toMatchObject({ gain: 0.05, tuning: ['a', 'c'], heldOut: ['b'] })
    const worse = await run(words, { tune: async () => ({ ...tuned, gain: -0.01 }) })
    expect(worse.out.slice(-2)).toEqual(['Keep the default:', '  --preset coco'])
  })

  test.each([
    ['--tune without ground truth', ['--tune', '4']],
    ['--tune with a folder to write', ['--tune', '4', '--ground-truth', 't', '--out', 'x']],
    ['--tune with scores to write', ['--tune', '4', '--ground-truth', 't', '--npz']],
    ['no settings', ['--tune', '0', '--ground-truth', 't']],
    ['ground truth without --tune', ['--out', 'x', '--ground-truth', 't']],
    ['a seed without --tune', ['--out', 'x', '--seed', '1']],
    ['nothing to do', []],
  ])('refuses %s', async (_, words) => {
    const ran = await run(['refine', '--images', 'photos', '--cams', 'cams', ...words])
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err[0]).toMatch(/^error: /)
  })

  test.each([
    ['no folder', ['refine', '--images', 'photos']],
    ['two numbers for three', [...folders, '--bilateral', '50,5']],
    ['a word for a number', [...folders, '--gaussian', '3,many']],
    ['an unknown preset', [...folders, '--preset', 'cityscapes']],
    ['ids that are none', [...folders, '--classes', '0,boat']],
    ['a power that is none', [...folders, '--background-power', 'x']],
  ])('refuses %s as typed wrong', async (_, words) => {
    const ran = await run(words)
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err[0]).toMatch(/^error: /)
  })
})

needs('build').describe('a device that is not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'semples-refine-device-'))
  // Neither the pictures nor the maps are there: they would be missed next.
  const words = ['refine', '--images', join(folder, 'photos'), '--cams', join(folder, 'cams'), '--device', 'cuda:31']
  test.each([
    ['of masks', ['--out', join(folder, 'out')]],
    ['of a search', ['--tune', '4', '--ground-truth', join(folder, 'truth')]],
  ])('%s is refused before anything is read or made', async (_, more) => {
    const ran = await run([...words, ...more], {
      refine: async (options) => ({ ...(await refineMasks(options).finished), out: options.out }),
      tune: tuneRefinement,
    })
    expect([ran.status, ran.out]).toEqual([1, []])
    expect(ran.err.join('\n')).toMatch(/The device cuda:31 is not available: .*expected cpu/)
    expect(readdirSync(folder)).toEqual([])
  })
})
