import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { detectData } from '../../lib/cli/detectData.js'
import { evaluation, given, run } from './fakes.js'

function folders(...names: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'semples-cli-'))
  for (const name of names) mkdirSync(join(root, name), { recursive: true })
  return root
}

describe('help', () => {
  test.each([['train'], ['masks'], ['eval'], ['demo'], ['config'], ['doctor'], ['libtorch'], ['libtorch', 'install']])(
    '%s %s',
    async (...words) => {
      const ran = await run([...words, '--help'])
      expect([ran.status, ran.err]).toEqual([0, []])
      expect(ran.out.join('\n')).toContain(`Usage: semples ${words.join(' ')}`)
    },
  )

  test('of everything, with examples that parse', async () => {
    const { out } = await run(['--help'])
    const lines = out.join('\n').split('\n')
    expect(lines.join('\n')).toMatch(/train .*masks .*eval .*demo .*config .*doctor .*libtorch /s)
    const commands = ['train', 'masks', 'eval', 'libtorch install', 'config']
    const all = await Promise.all(commands.map((command) => run([...command.split(' '), '--help'])))
    const examples = [lines, ...all.map((ran) => ran.out.join('\n').split('\n'))]
      .flat()
      .filter((line) => /^ {2}semples /.test(line))
      .map((line) => line.trim().replace(/ {2,}.*| \.\.\.$/g, ''))
    expect(examples.length).toBeGreaterThan(12)
    for (const example of examples) {
      if (/ (demo|doctor|libtorch|config)/.test(example)) continue
      const { err } = await run(example.split(' ').slice(1))
      // Example folders do not exist, but every option does.
      expect(err.join('\n')).not.toMatch(/unknown|required option|argument/)
    }
  })

  test('of nothing and of a misspelt command', async () => {
    expect((await run([])).status).toBe(2)
    const ran = await run(['trian'])
    expect([ran.status, ran.err[0]]).toEqual([2, "error: unknown command 'trian'\n(Did you mean train?)"])
  })

  test('--version', async () => {
    expect((await run(['--version'])).out.join('')).toMatch(/^\d+\.\d+\.\d+$/)
  })
})

describe('detectData', () => {
  test('COCO, VOC and plain folders by their folders', async () => {
    const coco = folders('annotations')
    writeFileSync(join(coco, 'annotations', 'instances_train2014.json'), '{}')
    expect(await detectData(coco)).toEqual({ coco2014: coco })
    const voc = folders('ImageSets', 'JPEGImages')
    expect(await detectData(voc, { labels: 'l.csv' })).toEqual({ voc2012: voc, labels: 'l.csv' })
    const outside = folders('VOCdevkit/VOC2012/ImageSets', 'VOCdevkit/VOC2012/JPEGImages')
    expect(await detectData(outside)).toEqual({ voc2012: join(outside, 'VOCdevkit', 'VOC2012') })
    expect(await detectData(join(outside, 'VOCdevkit'))).toEqual({ voc2012: join(outside, 'VOCdevkit', 'VOC2012') })
    const plain = folders('annotations', 'JPEGImages')
    expect(await detectData(plain, { labels: 'l.csv' })).toEqual({ folder: plain, labels: 'l.csv' })
  })

  test('a file or nothing is refused', async () => {
    const file = join(folders(), 'file')
    writeFileSync(file, '')
    for (const path of [file, join(file, 'inner'), 'nowhere'])
      await expect(detectData(path)).rejects.toMatchObject({ code: 'SEMPLES_FOLDER_MISSING', file: path })
  })
})

describe('masks', () => {
  test('options and result', async () => {
    const photos = folders()
    const ran = await run([
      ...['masks', '--run', 'r', '--out', 'm', '--split', 'val', '--threshold', '0.5', '--npy', '--data', photos],
      ...['--labels', 'l.csv', '--device', 'cpu', '--threads', '2', '--offline'],
    ])
    expect(ran.status).toBe(0)
    expect(given(ran, 'masks')).toMatchObject({
      run: 'r',
      out: 'm',
      split: 'val',
      threshold: 0.5,
      cams: true,
      data: { folder: photos, labels: 'l.csv' },
      device: 'cpu',
      threads: 2,
    })
    expect(given(ran, 'ensureLibTorch')).toMatchObject({ offline: true })
    expect(ran.out.join('\n')).toMatch(
      /masks of stage refine\n1 without a label.*\n3 masks at background threshold 0\.45 are in m/,
    )
  })

  test('labels that the generator predicts', async () => {
    const photos = folders()
    const words = ['masks', '--run', 'r', '--out', 'm', '--data', photos, '--labels', 'predicted']
    const ran = await run([...words, '--label-threshold', '0.3'])
    expect(given(ran, 'masks')).toMatchObject({ data: { folder: photos }, labels: 'predicted', labelThreshold: 0.3 })
    expect(given(ran, 'masks').data).not.toHaveProperty('labels')
    expect(given(await run(words.slice(0, -2)), 'masks')).not.toHaveProperty('labels')
  })

  test.each<[string[], RegExp]>([
    [['masks', '--out', 'm'], /--run/],
    [['masks', '--run', 'r'], /--out/],
    [['masks', '--run', 'r', '--out', 'm', '--split', 'test'], /Allowed choices are train, val/],
  ])('%j is refused', async (words, message) => {
    const ran = await run(words)
    expect(ran.status).toBe(2)
    expect(ran.err.join('\n')).toMatch(message)
    expect(ran.calls).toEqual([])
  })

  test('--json', async () => {
    const ran = await run(['masks', '--run', 'r', '--out', 'm', '--npz', '--json'])
    expect(given(ran, 'masks').cams).toBe('npz')
    expect(JSON.parse(ran.out.join('\n'))).toMatchObject({ pictures: 3, threshold: 0.45 })
  })
})

describe('eval', () => {
  test('needs neither LibTorch nor addon', async () => {
    const ran = await run(['eval', '--masks', 'm', '--ground-truth', 'g', '--classes', 'voc2012'])
    expect(ran.calls.map(([name]) => name)).toEqual(['evaluate'])
    expect(given(ran, 'evaluate')).toMatchObject({ masks: 'm', groundTruth: 'g', classes: 'voc2012' })
    expect(given(ran, 'evaluate')).not.toHaveProperty('cams')
  })

  test('percentages of the classes that occur, and the means', async () => {
    const text = (await run(['eval', '--masks', 'm', '--ground-truth', 'g', '--classes', 'voc2012'])).out.join('\n')
    expect(text).toMatch(/boat +25\.00 +70\.00 +30\.00/)
    expect(text).not.toContain('cat')
    expect(text).toContain('1 of 3 classes')
    expect(text).toContain('mean IoU 50.00 %, over 7 pictures')
  })

  test('--sweep judges the scores beside the masks and prints the curve', async () => {
    const swept = { ...evaluation, curve: [{ threshold: 0.4, miou: 0.25 }], best: { threshold: 0.4, miou: 0.25 } }
    const words = ['eval', '--masks', 'm', '--sweep', '--ground-truth', 'g', '--classes', 'voc2012']
    const ran = await run(words, { evaluate: async () => swept })
    expect(given(ran, 'evaluate').cams).toBe('m')
    expect(given(ran, 'evaluate')).not.toHaveProperty('masks')
    expect(ran.out.join('\n')).toMatch(/0\.40 +25\.00/)
    expect(ran.out.join('\n')).toContain('at background threshold 0.4')
  })

  test('--data is recognised and split', async () => {
    const voc = folders('ImageSets', 'JPEGImages')
    const ran = await run(['eval', '--masks', 'm', '--data', voc, '--split', 'val'])
    expect(given(ran, 'evaluate')).toMatchObject({ groundTruth: { voc2012: voc }, split: 'val' })
  })

  test.each<[string[], RegExp]>([
    [['eval', '--masks', 'm'], /needs --ground-truth DIR or --data DIR/],
    [['eval', '--ground-truth', 'g'], /needs --masks DIR/],
    [['eval', '--masks', 'm', '--ground-truth', 'g', '--data', 'd'], /cannot be used with/],
  ])('%j is refused', async (words, message) => {
    const ran = await run(words)
    expect(ran.status).toBe(2)
    expect(ran.err.join('\n')).toMatch(message)
    expect(ran.calls).toEqual([])
  })

  test('--json has null where a class does not occur', async () => {
    const ran = await run(['eval', '--masks', 'm', '--ground-truth', 'g', '--classes', 'voc2012', '--json'])
    expect(JSON.parse(ran.out.join('\n')).perClass[2]).toMatchObject({ label: 'cat', iou: null })
  })
})

describe('config', () => {
  test('fields with defaults, narrowed by name and preset', async () => {
    const { out } = await run(['config', 'foregroundPrompt', '--preset', 'coco2014'])
    expect(out[0]).toBe('refine.foregroundPrompt = 0.2')
    expect(out).toHaveLength(2)
  })

  test('--json', async () => {
    const fields = JSON.parse((await run(['config', '--json'])).out.join('\n')) as { field: string }[]
    expect(fields.map(({ field }) => field)).toEqual(expect.arrayContaining(['data.folder', 'epochs', 'match.lr']))
  })
})
