import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { given, run } from './fakes.js'

const folder = mkdtempSync(join(tmpdir(), 'semples-predict-'))

describe('semples predict', () => {
  test('files and folders, with what was found', async () => {
    const ran = await run(['predict', '--run', 'r', 'harbour.jpg', 'quays'])
    expect(given(ran, 'predictMasks')).toMatchObject({
      run: 'r',
      pictures: ['harbour.jpg', 'quays'],
      out: 'predictions',
    })
    expect(given(ran, 'predictMasks')).not.toHaveProperty('flip')
    expect(ran.out.map((line) => line.replace(process.cwd(), '.'))).toEqual([
      'harbour: boat 31.3 %, person below 0.1 %',
      'quay: background alone',
      '2 masks (1 of them finished before) are in ./predictions',
      'What was found is also in ./predictions/labels.csv',
    ])
  })

  test('of many pictures the first ones, and where all are', async () => {
    const result = { out: '/o', kind: 'segmenter' as const, warnings: [] }
    const found = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`p${index}`, { boat: 0.5 }]))
    const many = await run(['predict', '--run', 'r', 'photos'], {
      predictMasks: async () => ({ ...result, pictures: 25, skipped: 25, found }),
    })
    expect(many.out).toHaveLength(23)
    expect(many.out.slice(-4)).toEqual([
      'p19: boat 50.0 %',
      '... and 5 more pictures',
      '25 masks (finished before) are in /o',
      'What was found in all of them is in /o/labels.csv',
    ])
    const one = await run(['predict', '--run', 'r', 'a.jpg'], {
      predictMasks: async () => ({ ...result, pictures: 1, skipped: 1, found: { a: {} } }),
    })
    expect(one.out).toEqual(['a: background alone', '1 mask (finished before) is in /o'])
  })

  test('every option', async () => {
    const words =
      'predict --run r a.jpg --out o --kind generator --labels boat,person --threshold 0.4 --label-threshold 0.2 --scales 1,1.25 --no-flip --at-once 2 --max-side 400 --refine voc --overlay --npz --overwrite --device cpu --threads 2'
    expect(given(await run(words.split(' ')), 'predictMasks')).toMatchObject({
      out: 'o',
      kind: 'generator',
      labels: ['boat', 'person'],
      threshold: 0.4,
      labelThreshold: 0.2,
      scales: [1, 1.25],
      flip: false,
      atOnce: 2,
      maxSide: 400,
      refine: 'voc',
      overlay: true,
      scores: 'npz',
      overwrite: true,
      device: 'cpu',
      threads: 2,
    })
  })

  test('a data set, to evaluate on unless it is said', async () => {
    const voc = join(folder, 'voc')
    for (const name of ['ImageSets', 'JPEGImages']) mkdirSync(join(voc, name), { recursive: true })
    const plain = await run(['predict', '--run', 'r', '--data', voc, '--npy'])
    expect(given(plain, 'predictMasks')).toMatchObject({ pictures: { voc2012: voc }, scores: true })
    const train = await run(['predict', '--run', 'r', '--data', voc, '--split', 'train'])
    expect(given(train, 'predictMasks')).toMatchObject({ pictures: { voc2012: voc }, split: 'train' })
  })

  test.each([
    [['predict', 'a.jpg'], '--run'],
    [['predict', '--run', 'r'], 'No picture is named'],
    [['predict', '--run', 'r', 'a.jpg', '--data', folder], 'beside --data'],
    [['predict', '--run', 'r', 'a.jpg', '--labels', 'boat,,person'], 'labels'],
    [['predict', '--run', 'r', 'a.jpg', '--scales', '1,big'], 'numbers above 0'],
    [['predict', '--run', 'r', 'a.jpg', '--scales', '0'], 'numbers above 0'],
    [['predict', '--run', 'r', 'a.jpg', '--threshold', '2'], 'from 0 to 1'],
  ])('%j is told', async (words, message) => {
    const ran = await run(words)
    expect([ran.status, ran.calls, ran.out]).toEqual([2, [], []])
    expect(ran.err.join('\n')).toContain(message)
  })

  test('--json and --quiet', async () => {
    const ran = await run(['predict', '--run', 'r', 'a.jpg', '--json'])
    expect(JSON.parse(ran.out.at(-1)!)).toMatchObject({ found: { quay: {} }, pictures: 2 })
    expect((await run(['predict', '--run', 'r', 'a.jpg', '--quiet'])).err).toEqual(['warning: one picture is odd'])
  })

  test('an error in the words of the command line', async () => {
    const ran = await run(['predict', '--run', 'r', 'a.jpg', '--labels', 'bota'], {
      predictMasks: async () => {
        throw new SemplesError('SEMPLES_CLASS_UNKNOWN', { message: 'No such label.', field: 'labels', value: 'bota' })
      },
    })
    expect(ran.status).toBe(1)
    expect(ran.err.join('\n')).toContain('--labels')
  })
})
