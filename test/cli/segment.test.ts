import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { describeSegmentConfig } from '../../lib/config/segment/describe.js'
import { segmentJsonSchema } from '../../lib/config/segment/jsonSchema.js'
import { segmentDifferences } from '../../lib/config/segment/presets.js'
import { given, run } from './fakes.js'

const root = mkdtempSync(join(tmpdir(), 'semples-segment-'))
const photos = join(root, 'photos')
mkdirSync(join(photos, 'boat'), { recursive: true })
const [masks, scores] = [join(root, 'masks'), join(root, 'scores')]
for (const folder of [masks, scores]) mkdirSync(folder)
const out = join(root, 'run')
const least = ['segment', 'train', '--data', photos, '--masks', masks, '--out', out]

describe('semples segment train', () => {
  test('options become fields of a config; --set wins', async () => {
    const ran = await run([
      ...least,
      ...['--model', 'deeplabv3plus', '--weights', 'random', '--epochs', '3', '--batch', '2', '--lr', '0.1'],
      ...[
        '--preset',
        'photos',
        '--seed',
        '5',
        '--tensorboard',
        '--set',
        'train.lr=0.2',
        '--set',
        `targets.confidence=${scores}`,
      ],
    ])
    expect([ran.status, ran.err.filter((line) => line.startsWith('error'))]).toEqual([0, []])
    expect(given(ran, 'trainSegmenter')).toMatchObject({
      data: { folder: photos },
      targets: { from: 'masks', folder: masks, confidence: scores },
      model: { kind: 'deeplabv3plus', weights: 'random' },
      preset: 'photos',
      seed: 5,
      out,
      tensorboard: true,
      train: { epochs: 3, batch: 2, lr: 0.2 },
    })
    expect(given(ran, 'ensureWeights')).toMatchObject({ weights: 'random' })
  })

  test('over a config file', async () => {
    const file = join(root, 'segmenter.json')
    writeFileSync(
      file,
      JSON.stringify({ train: { epochs: 7, batch: 3 }, targets: { folder: 'others', threshold: 0.3 } }),
    )
    const ran = await run([...least, '--config', file, '--epochs', '2'])
    expect(given(ran, 'trainSegmenter')).toMatchObject({
      train: { epochs: 2, batch: 3 },
      targets: { folder: masks, threshold: 0.3 },
    })
  })

  test('scores, ground truth', async () => {
    const ran = await run(['segment', 'train', '--data', photos, '--scores', scores, '--out', out])
    expect(given(ran, 'trainSegmenter')).toMatchObject({ targets: { from: 'scores', folder: scores } })
    const truth = await run([
      ...['segment', 'train', '--data', photos, '--truth', '--out', out],
      ...['--set', 'data.masks=truth'],
    ])
    expect(given(truth, 'trainSegmenter')).toMatchObject({ targets: { from: 'truth' }, data: { masks: 'truth' } })
  })

  test('its end says what was trained, what is odd, and what to type next', async () => {
    const ran = await run(least)
    expect(ran.out.join('\n')).toMatch(/segment +2 +20 +2\.5000 → 1\.2500/)
    expect(ran.out).toContain('The run is in /runs/boats/segmenter')
    expect(ran.out.at(-1)).toBe(
      'For masks of any pictures, type: npx semples predict --run /runs/boats/segmenter FILE...',
    )
    expect(ran.out.join('\n')).toContain('warning: 1 of 9 pictures has no mask')
    const json = await run([...least, '--json'])
    expect(JSON.parse(json.out.at(-1)!)).toMatchObject({ out: '/runs/boats/segmenter' })
  })

  test.each<[string, string[], string]>([
    ['nothing', [], 'add --run RUN, a run of semples train, or --data DIR and --masks DIR'],
    ['no masks', ['--data', photos, '--out', out], 'add --masks DIR, or --run RUN'],
    ['no folder to write', ['--data', photos, '--masks', 'm'], 'add --out DIR'],
    ['an unknown kind', [...least.slice(2), '--model', 'deeplab'], 'Did you mean deeplabv3plus?'],
    ['a misspelt field', [...least.slice(2), '--set', 'train.epohcs=3'], 'Did you mean train.epochs?'],
    ['a field that is none', [...least.slice(2), '--set', 'nothing.like.it=3'], 'npx semples segment config'],
    [
      'a CLIP that is lacking',
      [...least.slice(2), '--model', 'clip-decoder'],
      'npx semples weights fetch clip-vit-b-32',
    ],
    ['two targets', [...least.slice(2), '--truth'], 'one of --masks, --scores, --truth'],
    ['a config that is kept', ['--resume', 'r', '--data', photos], 'A resumed run keeps its configuration (--data'],
    ['masks that are not there', ['--data', photos, '--masks', 'nowhere', '--out', out], 'There is no folder'],
    [
      'scores beside masks that are not there',
      [...least.slice(2), '--set', 'targets.confidence=nowhere'],
      'field targets.confidence',
    ],
    [
      'one setting of a kept config',
      ['--resume', 'r', '--epochs', '3'],
      'keeps its configuration (--epochs, received 3)',
    ],
    ['no run', ['--run', join(root, 'nowhere')], 'nowhere'],
  ])('refuses %s before anything is fetched', async (_, words, text) => {
    const ran = await run(['segment', 'train', ...words])
    expect(ran.status).toBeGreaterThan(0)
    expect(ran.calls).toEqual([])
    expect(ran.err.join('\n')).toContain(text)
    expect(ran.err.join('\n')).not.toContain('stages')
  })

  test('a folder that holds something is refused at once', async () => {
    const full = join(root, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'note.txt'), 'mine')
    const ran = await run(['segment', 'train', '--data', photos, '--masks', 'm', '--out', full])
    expect([ran.status, ran.calls]).toEqual([1, []])
    expect(ran.err.join('\n')).toContain(`${resolve(full)} is not empty: it holds note.txt`)
  })
})

describe('semples segment config', () => {
  test('lists fields with their defaults', async () => {
    const { out: lines, status } = await run(['segment', 'config'])
    expect(status).toBe(0)
    expect(lines).toContain('train.lr = 0.0001')
    expect(lines).toContain('train.groups = [{"parameters":"encoder","factor":0.1}]')
    expect(lines).toContain('predict.scales = 0.5,0.75,1,1.25,1.5,1.75')
    expect(lines).toHaveLength(2 * describeSegmentConfig().length)
  })

  test('of another kind and preset, and those with a text in their names', async () => {
    const { out: lines } = await run(['segment', 'config', 'model.', '--model', 'deeplabv3plus'])
    expect(lines[0]).toBe('model.kind = deeplabv3plus')
    expect(lines.filter((line) => !line.startsWith(' ')).every((line) => line.startsWith('model.'))).toBe(true)
    const { out: preset } = await run(['segment', 'config', 'train.epochs', '--preset', 'photos', '--json'])
    expect(JSON.parse(preset[0]!)).toMatchObject([
      { field: 'train.epochs', default: segmentDifferences.photos!.train!.epochs },
    ])
  })

  test('prints the JSON Schema', async () => {
    const { out: lines } = await run(['segment', 'config', '--schema'])
    expect(JSON.parse(lines.join('\n'))).toEqual(JSON.parse(JSON.stringify(segmentJsonSchema())))
  })

  test.each([
    [['nothing-like-this'], 'npx semples segment config'],
    [['--preset', 'dmo'], 'demo'],
    [['--model', 'vitmask'], 'Did you mean vit-mask?'],
  ])('refuses %j', async (words, text) => {
    const ran = await run(['segment', 'config', ...words])
    expect([ran.status, ran.out]).toEqual([2, []])
    expect(ran.err.join('\n')).toContain(text)
  })
})
