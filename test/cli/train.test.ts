import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { Interrupted } from '../../lib/cli/interrupt.js'
import { resolveConfig } from '../../lib/config/resolve.js'
import { given, run, runResult } from './fakes.js'

const before = process.cwd()
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'semples-cli-'))
  mkdirSync(join(folder, 'photos'))
  mkdirSync(join(folder, 'coco', 'annotations'), { recursive: true })
  writeFileSync(join(folder, 'coco', 'annotations', 'instances_val2014.json'), '{}')
  process.chdir(folder)
})

afterEach(() => process.chdir(before))

const least = ['train', '--data', 'photos', '--clip', 'c.pt', '--weights', 'random', '--out', 'runs/a']

describe('what the options mean', () => {
  test('the least', async () => {
    const ran = await run(least)
    expect(ran.status).toBe(0)
    expect(given(ran, 'train')).toMatchObject({
      data: { folder: 'photos' },
      clip: { path: 'c.pt' },
      generator: { weights: 'random' },
      out: 'runs/a',
    })
    expect(Object.keys(given(ran, 'train')).sort()).toEqual([
      'clip',
      'data',
      'generator',
      'onProgress',
      'out',
      'report',
      'signal',
    ])
  })

  test('N21: epochs, batch, rate and the share that is kept, in the usual words', async () => {
    const words = ['--epochs', '3', '--batch', '4', '--lr', '1e-4', '--val', '0.2']
    expect(given(await run([...least, ...words]), 'train')).toMatchObject({
      data: { folder: 'photos', val: 0.2 },
      epochs: 3,
      batch: 4,
      lr: 1e-4,
    })
    // They win over a file, also over what it says of one stage; --set wins over them.
    writeFileSync('c.json', JSON.stringify({ data: { folder: 'photos' }, match: { epochs: 60, batch: 8 }, epochs: 9 }))
    const file = ['train', '--config', 'c.json', '--preset', 'demo', '--out', 'runs/b', ...words]
    const input = given(await run([...file, '--set', 'guide.epochs=5']), 'train')
    expect(input).toMatchObject({ data: { folder: 'photos', val: 0.2 }, epochs: 3, guide: { epochs: 5 }, match: {} })
    const { report: _, onProgress: __, signal: ___, ...config } = input
    expect(resolveConfig(config as never)).toMatchObject({
      ...{ classify: { epochs: 3 }, match: { epochs: 3, batch: 4, lr: 1e-4 }, guide: { epochs: 5 } },
    })
    for (const wrong of [
      ['--epochs', '0'],
      ['--batch', 'many'],
      ['--lr', '-1'],
      ['--val', '20'],
      ['--val', '1'],
    ])
      expect([wrong, (await run([...least, ...wrong])).status]).toEqual([wrong, 2])
  })

  test('all of them', async () => {
    const ran = await run([
      ...[
        'train',
        '--data',
        'photos',
        '--labels',
        'l.csv',
        '--clip',
        'c.pt',
        '--weights',
        'w.safetensors',
        '--out',
        '7',
      ],
      ...['--preset', 'coco2014', '--stages', 'classify,match', '--seed', '3', '--device', 'cuda:1', '--threads', '2'],
      ...['--set', 'batch=4', '--set', 'match.lr=1e-4', '--set', 'select=last', '--reference', '--offline', '--quiet'],
    ])
    expect(ran.err).toEqual([])
    expect(given(ran, 'train')).toMatchObject({
      preset: 'coco2014',
      reference: true,
      data: { folder: 'photos', labels: 'l.csv' },
      generator: { weights: 'w.safetensors' },
      clip: { path: 'c.pt' },
      out: '7',
      stages: ['classify', 'match'],
      seed: 3,
      device: 'cuda:1',
      threads: 2,
      batch: 4,
      match: { lr: 1e-4 },
      select: 'last',
    })
    expect(given(ran, 'ensureLibTorch')).toMatchObject({ offline: true, device: 'cuda:1' })
  })

  test('a config file, options over it, --set over both', async () => {
    writeFileSync('c.json', '{ "seed": 1, "batch": 2, "lr": 3, "clip": { "path": "file.pt", "normalize": "clip" } }')
    const ran = await run([...least, '--config', 'c.json', '--seed', '4', '--set', 'seed=5', '--set', 'lr=6'])
    expect(given(ran, 'train')).toMatchObject({
      seed: 5,
      batch: 2,
      lr: 6,
      clip: { path: 'c.pt', normalize: 'clip' },
      data: { folder: 'photos' },
    })
  })

  test('data is recognised', async () => {
    const ran = await run([...least, '--data', 'coco'])
    expect(given(ran, 'train').data).toEqual({ coco2014: 'coco' })
  })

  test('--labels without --data belongs to the data of the file', async () => {
    writeFileSync('c.json', '{ "data": { "folder": "photos", "masks": "m" } }')
    const words = [
      'train',
      '--config',
      'c.json',
      '--labels',
      'l.csv',
      '--clip',
      'c',
      '--weights',
      'random',
      '--out',
      'o',
    ]
    expect(given(await run(words), 'train').data).toMatchObject({ folder: 'photos', masks: 'm', labels: 'l.csv' })
  })

  test('--resume hands over nothing else', async () => {
    const ran = await run(['train', '--resume', 'runs/a'])
    expect(Object.keys(given(ran, 'train')).sort()).toEqual(['onProgress', 'report', 'resume', 'signal'])
    expect(given(ran, 'train').resume).toBe('runs/a')
  })
})

describe('what is printed', () => {
  test('results on standard output, notices on standard error', async () => {
    const ran = await run(least, {
      train: async ({ onProgress }) => {
        onProgress?.({ stage: 'run', epoch: 0, epochs: 0, step: 0, steps: 0, message: '3 pictures' })
        return runResult
      },
    })
    expect(ran.err).toEqual(['run: 3 pictures'])
    const text = ran.out.join('\n')
    expect(text).toMatch(/match +2 +20 +2\.5000 → 1\.2500 +1 min/)
    expect(text).toContain('RANDOM weights')
    expect(text).toContain('semples masks --run /runs/boats')
  })

  test('--json: one line', async () => {
    const ran = await run([...least, '--json'])
    expect(ran.out).toHaveLength(1)
    expect(JSON.parse(ran.out[0]!)).toEqual(runResult)
  })

  test('--quiet: no progress', async () => {
    const ran = await run([...least, '--quiet'], {
      train: async ({ onProgress }) => {
        onProgress?.({ stage: 'match', epoch: 1, epochs: 1, step: 1, steps: 1, loss: 1 })
        return runResult
      },
    })
    expect(ran.err).toEqual([])
  })
})

describe('mistakes', () => {
  test.each<[string, string[], RegExp, number]>([
    ['no data', ['train', '--out', 'o'], /no pictures to train on: add --data DIR/, 2],
    ['no folder', ['train', '--data', 'photos'], /no output folder: add --out DIR/, 2],
    [
      'no weights',
      least.filter((word) => !['--weights', 'random'].includes(word)),
      /no weights to start from: type npx semples weights fetch deit-small, .*--weights FILE.*--preset demo/,
      2,
    ],
    [
      'no CLIP',
      least.filter((word) => !['--clip', 'c.pt'].includes(word)),
      /no CLIP: type npx semples weights fetch clip-vit-b-32, .*--clip FILE.*--preset demo/,
      2,
    ],
    ['a misspelt setting', [...least, '--set', 'match.epoch=3'], /Did you mean match\.epochs\?/, 2],
    ['a setting without a value', [...least, '--set', 'seed'], /field=value/, 2],
    ['a wrong value', [...least, '--seed', 'x'], /value of --seed .*received 'x'/, 2],
    ['a wrong preset', [...least, '--preset', 'voc'], /voc2012, coco2014, cnn, photos, demo or none/, 2],
    ['a wrong stage', [...least, '--stages', 'a,b'], /classify, match, prompt, guide/, 2],
    ['no such folder', [...least, '--data', 'nowhere'], /There is no folder nowhere/, 1],
    ['no such config', [...least, '--config', 'nowhere.json'], /nowhere\.json cannot be read/, 1],
    ['a misspelt option', [...least, '--sett', 'a=b'], /Did you mean --set\?/, 2],
    ['an option without its value', ['train', '--out'], /argument missing/, 2],
  ])('%s', async (_, words, message, status) => {
    const ran = await run(words)
    expect(ran.status).toBe(status)
    expect(ran.err.join('\n')).toMatch(message)
    expect(ran.err.join('\n')).not.toMatch(/\n\s+at /)
    // Nothing is fetched for a command that cannot run.
    expect(ran.calls).toEqual([])
    expect(ran.out).toEqual([])
  })

  test('an error of the job: a sentence and its code, no stack', async () => {
    const fails = { train: () => Promise.reject(new SemplesError('SEMPLES_CLIP_INVALID', { message: 'No CLIP.' })) }
    const ran = await run(least, fails)
    expect([ran.status, ran.err]).toEqual([1, ['error: No CLIP. [SEMPLES_CLIP_INVALID]']])
  })

  test('what an error asks for, in options', async () => {
    const hint = 'Set match.batch, or batch for all stages, to 3 or less.'
    const error = new SemplesError('SEMPLES_BATCH_TOO_LARGE', { message: 'Too many.', hint })
    const ran = await run(least, { train: () => Promise.reject(error) })
    expect(ran.err[0]).toMatch(
      /^error: Too many\. Type --batch 3 or less, or --set match\.batch=3 for this stage alone\. \[/,
    )
    expect(ran.err).toHaveLength(1)
  })

  test('SEMPLES_DEBUG adds the stack', async () => {
    process.env.SEMPLES_DEBUG = '1'
    try {
      const ran = await run(least, { train: () => Promise.reject(new TypeError('odd')) })
      expect(ran.err.join('\n')).toMatch(/TypeError: odd\n\s+at /)
    } finally {
      delete process.env.SEMPLES_DEBUG
    }
  })

  test('an error that nobody foresaw says how to see more', async () => {
    const ran = await run(least, { train: () => Promise.reject(new TypeError('odd')) })
    expect(ran.status).toBe(1)
    expect(ran.err).toEqual(['error: odd', expect.stringContaining('SEMPLES_DEBUG=1')])
  })
})

test('--tensorboard is handed over, and the summary says how to look at it', async () => {
  const ran = await run([...least, '--tensorboard'])
  expect(given(ran, 'train').tensorboard).toBe(true)
  expect(ran.out.at(-1)).toBe('For curves, type: tensorboard --logdir /runs/boats/tensorboard')
  expect(given(await run(least), 'train')).not.toHaveProperty('tensorboard')
})

test('the summary counts skipped steps where there are any', async () => {
  const [stage] = runResult.stages
  const ran = await run(least, { train: async () => ({ ...runResult, stages: [{ ...stage!, skipped: 4 }] }) })
  expect(ran.out[0]).toMatch(/steps +skipped +loss/)
  expect(ran.out[1]).toMatch(/match +2 +20 +4 +2\.5000/)
  expect((await run(least)).out.join('\n')).not.toContain('skipped')
})

test.each([130, 143])(
  'interrupted with status %i: how to go on, where there is a run to go on with',
  async (status) => {
    for (const begun of [false, true]) {
      const controller = new AbortController()
      const ran = await run(
        least,
        {
          train: async ({ signal }) => {
            if (begun) mkdirSync('runs/a', { recursive: true })
            if (begun) writeFileSync('runs/a/run.json', '{}')
            controller.abort(new Interrupted(status))
            signal?.throwIfAborted()
            return runResult
          },
        },
        { signal: controller.signal },
      )
      expect(ran.status).toBe(status)
      expect(ran.err).toEqual([
        begun ? 'Interrupted. To go on, type: npx semples train --resume runs/a' : 'Interrupted.',
      ])
      expect(ran.out).toEqual([])
    }
  },
)
