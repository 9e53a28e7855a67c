import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { given, run, runResult } from './fakes.js'

describe('report', () => {
  test('of a run, with what it found', async () => {
    const ran = await run(['report', 'runs/boats'])
    expect(ran.status).toBe(0)
    expect(ran.calls.map(([name]) => name)).toEqual(['ensureLibTorch', 'report'])
    expect(given(ran, 'report')).toMatchObject({ run: 'runs/boats', gallery: true })
    expect(given(ran, 'report')).not.toHaveProperty('data')
    expect(ran.out.join('\n')).toMatch(
      /cam +25\.00 +50\.00 \(at 0\.5\)\n\nprompt of boat: water\n.*\nThe report is runs\/boats\/report\.html/,
    )
  })

  test('with the segmentation models of the run, and how far they are apart', async () => {
    const row = { description: '', perClass: [], pictures: 2 }
    const ran = await run(['report', 'runs/boats'], {
      report: async () => ({
        path: 'r.html',
        pictures: 2,
        ablation: [{ ...row, name: 'cam', miou: 0.25 }],
        segmenters: [
          { ...row, name: 'segmenter', miou: 0.5 },
          { ...row, name: 'upper bound', miou: 0.625 },
        ],
        prompts: [],
        notices: [],
      }),
    })
    expect(ran.out.slice(0, 5).map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['masks', 'mIoU %'],
      ['cam', '25.00'],
      ['segmenter', '50.00'],
      ['upper bound', '62.50'],
      ['gap', '12.50'],
    ])
  })

  test('options', async () => {
    const photos = mkdtempSync(join(tmpdir(), 'semples-cli-'))
    const whole = [
      'report',
      'r',
      '--out',
      'own.html',
      '--data',
      photos,
      '--labels',
      'predicted',
      '--label-threshold',
      '0.3',
      '--val',
      '0.2',
    ]
    const ran = await run([
      ...whole,
      ...[
        '--val',
        '0.2',
        '--split',
        'val',
        '--pictures',
        '5',
        '--judged',
        '7',
        '--threshold',
        '0.4',
        '--device',
        'cpu',
        '--threads',
        '2',
      ],
    ])
    expect(given(ran, 'report')).toMatchObject({
      run: 'r',
      out: 'own.html',
      data: { folder: photos, val: 0.2 },
      labels: 'predicted',
      labelThreshold: 0.3,
      split: 'val',
      pictures: 5,
      judged: 7,
      threshold: 0.4,
      device: 'cpu',
      threads: 2,
    })
    const labelled = await run(['report', 'r', '--data', photos, '--labels', 'l.csv'])
    expect(given(labelled, 'report')).toMatchObject({ data: { folder: photos, labels: 'l.csv' } })
    expect(given(labelled, 'report')).not.toHaveProperty('labels')
  })

  test('--no-gallery needs no LibTorch; without LibTorch there is a report too', async () => {
    const plain = await run(['report', 'r', '--no-gallery'])
    expect(plain.calls.map(([name]) => name)).toEqual(['report'])
    expect(given(plain, 'report')).toMatchObject({ gallery: false })
    const ensureLibTorch = async () => {
      throw new SemplesError('SEMPLES_LIBTORCH_NOT_FOUND', { message: 'There is none.' })
    }
    const offline = await run(['report', 'r', '--offline'], { ensureLibTorch })
    expect([offline.status, offline.err]).toEqual([0, ['There is none.']])
    expect(given(offline, 'report')).toMatchObject({ run: 'r' })
  })

  test('--json', async () => {
    const ran = await run(['report', 'r', '--json'])
    expect(JSON.parse(ran.out.at(-1)!)).toMatchObject({
      path: 'r/report.html',
      pictures: 2,
      ablation: [{ miou: 0.25 }],
    })
  })

  test.each<[string[], RegExp]>([
    [['report'], /missing required argument 'run'/],
    [['report', 'r', '--pictures', 'many'], /whole number/],
    [['report', 'r', '--threshold', '2'], /from 0 to 1/],
  ])('%j is refused', async (words, message) => {
    const ran = await run(words)
    expect(ran.status).toBe(2)
    expect(ran.err.join('\n')).toMatch(message)
    expect(ran.calls).toEqual([])
  })
})

describe('train', () => {
  const words = ['train', '--resume', 'r']
  const train = async () => ({ ...runResult, report: '/runs/boats/report.html' })

  test('writes a report and says where', async () => {
    const ran = await run(words, { train })
    expect(given(ran, 'train')).toMatchObject({ report: true })
    expect(ran.out.join('\n')).toMatch(/The report is \/runs\/boats\/report\.html/)
  })

  test('--no-report', async () => {
    const ran = await run([...words, '--no-report'])
    expect(given(ran, 'train')).toMatchObject({ report: false })
    expect(ran.out.join('\n')).not.toMatch(/report/)
  })
})
