import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Command } from 'commander'
import type { Cli } from '../../lib/cli/cli.js'
import { commands } from '../../lib/cli/commands.js'
import { checkData } from '../../lib/datasets/check/checkData.js'
import { exportFolder } from '../../lib/datasets/exportFolder.js'
import { folder } from '../../lib/datasets/folder.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { run } from './fakes.js'

const root = mkdtempSync(join(tmpdir(), 'semples-useless-'))
const photos = join(root, 'photos')
mkdirSync(photos)
const voc = join(root, 'voc')
for (const name of ['ImageSets', 'JPEGImages']) mkdirSync(join(voc, name), { recursive: true })
const coco = join(root, 'instances.json')
writeFileSync(coco, '{}')

const masks = ['masks', '--run', 'r', '--out', 'm']
const truth = ['eval', '--masks', 'm', '--ground-truth', 'g', '--classes', 'voc2012']
const maps = ['eval', '--cams', 'c', '--ground-truth', 'g', '--classes', 'voc2012']
const judged = ['eval', '--masks', 'm', '--data', photos]
const refine = ['refine', '--images', 'i', '--cams', 'c', '--out', 'o']
const tuned = ['refine', '--images', 'i', '--cams', 'c', '--tune', '8', '--ground-truth', 'g']
const convert = ['convert', '--out', 'o', '--data', photos]
const annotations = ['annotations', '--masks', 'm', '--images', 'i', '--format', 'coco', '--out', 'o.json']
const plain = ['report', 'r', '--no-gallery']
const segment = ['segment', 'train', '--data', photos, '--masks', 'm', '--out', join(root, 'run')]
const ownTraining = ['train', '--data', photos, '--preset', 'demo', '--out', join(root, 'run')]

/** Options that always do something. */
const ALWAYS = {
  demo: 'out seed segment device precision threads offline json quiet',
  train:
    'data preset weights out set config stages seed tensorboard report reference resume epochs batch lr device precision threads offline dry-run memory-check json quiet',
  'segment train':
    'run data model weights preset out epochs batch lr seed set config tensorboard memory-check resume device precision threads offline json quiet',
  'segment config': 'schema',
  masks:
    'run out data threshold refine overlay annotations review overwrite npz max-side memory-check device precision threads offline json quiet',
  predict:
    'run out data kind labels scales flip refine overlay npz overwrite memory-check device precision threads offline json quiet',
  'segment predict':
    'run out data kind labels scales flip refine overlay npz overwrite memory-check device precision threads offline json quiet',
  refine:
    'images cams method confidence iterations device concurrency memory scores axes exif class-table tune threads offline json quiet',
  eval: 'cams ground-truth data classes list sweep json quiet',
  report: 'out data gallery offline json quiet',
  export: 'out format stage epoch json',
  scenes: 'out train val seed size json quiet',
  'submission voc': 'masks list out competition set images void mask-colors json quiet',
  'submission check': 'list competition set images json quiet',
  'submission coco': 'masks images-json list classes scores mask-colors out json quiet',
  'data check': 'json quiet',
  annotations: 'masks images format out classes shapes min-area per-class exif json quiet',
  convert: 'data out json quiet',
  config: 'schema',
  doctor: 'libtorch json',
  inspect: 'json',
  'libtorch install': 'cpu cuda from',
  'libtorch list': 'json',
  build: 'libtorch',
  'weights fetch': 'from',
  'weights list': 'json preset',
} as Record<string, string>

/** Options that may do something for one file and nothing for another: the files decide. */
const BY_FILE = { refine: 'entry classes labels class-offset gt-prob zero-unsure unary' } as Record<string, string>

/** Command lines in which an option does nothing, by command and option. */
const USELESS: Record<string, Record<string, string[][]>> = {
  train: {
    labels: [['train', '--preset', 'demo', '--out', 'o', '--labels', 'l.csv']],
    classes: [['train', '--preset', 'demo', '--out', 'o', '--classes', 'c.json']],
    images: [[...ownTraining, '--images', 'i']],
    val: [['train', '--data', voc, '--val', '0.2', '--preset', 'demo', '--out', 'o']],
    clip: [[...ownTraining, '--stages', 'classify', '--clip', coco]],
    segment: [[...ownTraining, '--dry-run', '--segment']],
  },
  masks: {
    labels: [[...masks, '--labels', 'l.csv']],
    images: [
      [...masks, '--images', 'i'],
      [...masks, '--data', photos, '--images', 'i'],
    ],
    val: [
      [...masks, '--val', '0.2'],
      [...masks, '--data', voc, '--val', '0.2'],
    ],
    split: [[...masks, '--data', photos, '--split', 'val']],
    'label-threshold': [[...masks, '--label-threshold', '0.5']],
    npy: [[...masks, '--npy', '--npz']],
  },
  'segment train': {
    masks: [[...segment, '--scores', 's']],
    scores: [[...segment, '--scores', 's']],
    truth: [[...segment, '--truth']],
    refine: [
      [...segment, '--refine', 'voc'],
      ['segment', 'train', '--run', 'r', '--masks', 'm', '--refine', 'voc'],
      ['segment', 'train', '--run', 'r', '--truth', '--refine', 'voc'],
      ['segment', 'train', '--resume', 'r', '--refine', 'voc'],
    ],
    labels: [['segment', 'train', '--run', 'r', '--labels', 'l.csv']],
    classes: [['segment', 'train', '--run', 'r', '--classes', 'c.json']],
    images: [
      ['segment', 'train', '--run', 'r', '--images', 'i'],
      [...segment, '--images', 'i'],
    ],
    val: [['segment', 'train', '--run', 'r', '--val', '0.2']],
    clip: [[...segment, '--clip', coco]],
  },
  'segment config': {
    preset: [['segment', 'config', '--schema', '--preset', 'demo']],
    model: [['segment', 'config', '--schema', '--model', 'vit-mask']],
    json: [['segment', 'config', '--schema', '--json']],
  },
  ...Object.fromEntries(
    ['predict', 'segment predict'].map((command) => {
      const words = [...command.split(' '), '--run', 'r']
      const named = [...words, 'a.jpg']
      return [
        command,
        {
          images: [[...named, '--images', 'i']],
          val: [
            [...named, '--val', '0.2'],
            [...words, '--data', voc, '--val', '0.2'],
          ],
          split: [
            [...named, '--split', 'val'],
            [...words, '--data', photos, '--split', 'val'],
          ],
          npy: [[...named, '--npy', '--npz']],
        },
      ]
    }),
  ),
  inspect: { tensors: [['inspect', 'f', '--tensors', '--json']] },
  refine: {
    npy: [
      [...refine, '--npy', '--npz'],
      [...tuned, '--npy'],
    ],
    npz: [[...tuned, '--npz']],
    out: [[...tuned, '--out', 'o']],
    overwrite: [[...tuned, '--overwrite']],
    'fail-fast': [[...tuned, '--fail-fast']],
    'ground-truth': [[...refine, '--ground-truth', 'g']],
    seed: [[...refine, '--seed', '1']],
    labels: [[...refine, '--labels', 'l.csv']],
    threshold: [[...refine, '--scores', 'energies', '--threshold', '0.3']],
    'background-power': [[...refine, '--scores', 'energies', '--background-power', '2']],
  },
  eval: {
    threshold: [[...truth, '--threshold', '0.5']],
    masks: [[...truth, '--cams', 'c']],
    'cam-classes': [[...truth, '--cam-classes', '1-3']],
    'cam-labels': [[...truth, '--cam-labels', 'l.csv']],
    'class-offset': [[...truth, '--class-offset', '1']],
    scores: [[...truth, '--scores', 'logits']],
    axes: [[...truth, '--axes', 'hwc']],
    entry: [[...truth, '--entry', 'cam']],
    labels: [
      [...truth, '--labels', 'l.csv'],
      [...truth, '--sweep', '--labels', 'l.csv', '--cam-labels', 'k.csv'],
    ],
    images: [
      [...truth, '--images', 'i'],
      [...judged, '--images', 'i'],
    ],
    val: [[...truth, '--val', '0.2']],
    split: [
      [...truth, '--split', 'val'],
      [...judged, '--split', 'val'],
    ],
    exif: [
      [...truth, '--exif', 'apply'],
      ['eval', '--masks', 'm', '--data', voc, '--exif', 'apply'],
    ],
    'mask-colors': [['eval', '--cams', 'c', '--data', photos, '--mask-colors', 'use']],
    boundary: [[...maps, '--boundary']],
    confusions: [[...maps, '--confusions', '3']],
    bootstrap: [[...maps, '--bootstrap']],
    against: [
      [...maps, '--against', 'a'],
      [...truth, '--sweep', '--against', 'a'],
    ],
    'min-area': [[...truth, '--min-area', '0.01']],
    seed: [[...truth, '--seed', '1']],
  },
  report: {
    labels: [
      ['report', 'r', '--labels', 'l.csv'],
      [...plain, '--labels', 'predicted'],
    ],
    images: [
      ['report', 'r', '--images', 'i'],
      ['report', 'r', '--data', photos, '--images', 'i'],
    ],
    val: [['report', 'r', '--val', '0.2']],
    'label-threshold': [['report', 'r', '--label-threshold', '0.5']],
    split: [
      ['report', 'r', '--data', photos, '--split', 'val'],
      [...plain, '--split', 'val'],
    ],
    exif: [['report', 'r', '--exif', 'apply']],
    pictures: [[...plain, '--pictures', '3']],
    judged: [[...plain, '--judged', '3']],
    review: [[...plain, '--review', 'm']],
    threshold: [[...plain, '--threshold', '0.3']],
    refine: [[...plain, '--refine', 'voc']],
    device: [[...plain, '--device', 'cpu']],
    threads: [[...plain, '--threads', '1']],
  },
  annotations: {
    tolerance: [[...annotations, '--shapes', 'masks', '--tolerance', '2']],
  },
  convert: {
    labels: [['convert', '--out', 'o', '--data', coco, '--labels', 'l.csv']],
    classes: [['convert', '--out', 'o', '--data', coco, '--classes', 'c.json']],
    images: [[...convert, '--images', 'i']],
    val: [['convert', '--out', 'o', '--data', voc, '--val', '0.2']],
    split: [[...convert, '--split', 'val']],
    list: [[...convert, '--list', 'l']],
  },
  config: {
    preset: [['config', '--schema', '--preset', 'demo']],
    generator: [['config', '--schema', '--generator', 'cnn']],
    reference: [['config', '--schema', '--reference']],
    json: [['config', '--schema', '--json']],
  },
  'libtorch remove': { all: [['libtorch', 'remove', '2.13.0+cpu', '--all']] },
  'weights remove': { all: [['weights', 'remove', 'deit-small', '--all']] },
  'libtorch install': { force: [['libtorch', 'install', '--from', photos, '--force']] },
}

/** Refused by the job itself, which the test of it shows. */
const BY_JOB: Record<string, string> = {
  'data check': 'labels classes images val split',
  predict: 'threshold label-threshold at-once max-side',
  'segment predict': 'threshold label-threshold at-once max-side',
  refine: 'preset gaussian bilateral',
}

const list = (words = '') => words.split(' ').filter((word) => word !== '')

/** Every command that does something, with its options. */
async function allCommands(): Promise<[string, string[]][]> {
  const found: [string, string[]][] = []
  const walk = (command: Command, name: string): void => {
    const options = command.options.map((option) => option.long!.replace(/^--(no-)?/, ''))
    if (command.commands.length === 0) found.push([name, options])
    for (const inner of command.commands) walk(inner as Command, `${name} ${inner.name()}`)
  }
  for (const [name, { load }] of Object.entries(commands)) {
    const create = await load()
    walk(
      create({} as Cli, async () => ({}) as Command),
      name,
    )
  }
  return found
}

describe('N15: an option that does nothing is refused', () => {
  test('every option of every command is one that always does something, or has a case where it is refused', async () => {
    for (const [command, options] of await allCommands()) {
      const known = [
        ...list(ALWAYS[command]),
        ...list(BY_FILE[command]),
        ...list(BY_JOB[command]),
        ...Object.keys(USELESS[command] ?? {}),
      ]
      expect([command, [...new Set(known)].sort()]).toEqual([command, [...new Set(options)].sort()])
    }
  })

  const cases = Object.values(USELESS).flatMap((options) =>
    Object.entries(options).flatMap(([option, all]) => all.map((words): [string, string[]] => [option, words])),
  )
  test.each(cases)('--%s: %j', async (option, words) => {
    const ran = await run(words)
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err.join('\n')).toContain(
      ['labels', 'classes'].includes(option) && words[0] === 'train' ? 'data' : option,
    )
    expect(ran.out).toEqual([])
  })

  test('where it does something it is taken', async () => {
    const own = [...masks, '--data', photos, '--val', '0.2', '--split', 'val']
    for (const words of [
      own,
      [...masks, '--split', 'val'],
      [...judged, '--val', '0.2', '--split', 'train'],
      ['eval', '--cams', 'c', '--ground-truth', 'g', '--classes', 'voc2012', '--entry', 'cam', '--mask-colors', 'use'],
      ['eval', '--cams', 'c', '--ground-truth', 'g', '--classes', 'voc2012', '--labels', 'l.csv'],
      [...truth, '--confusions', '--min-area', '0', '--against', 'a', '--seed', '1'],
      [...refine, '--labels', 'l.csv', '--class-table', 'voc2012'],
      ['report', 'r', '--labels', 'predicted', '--label-threshold', '0.5'],
      [...convert, '--val', '0.2', '--split', 'val'],
    ])
      expect([words.join(' '), (await run(words)).status]).toEqual([words.join(' '), 0])
  })
})

describe('N15: options of functions that do nothing are refused', () => {
  const data = { folder: photos }
  test.each<[string, () => Promise<unknown>]>([
    ['split', () => evaluate({ masks: 'm', groundTruth: 'g', classes: 'voc2012', split: 'val' })],
    ['split', () => evaluate({ masks: 'm', groundTruth: data, split: 'train' })],
    ['entry', () => evaluate({ masks: 'm', groundTruth: 'g', classes: 'voc2012', entry: 'cam' })],
    ['thresholds', () => evaluate({ masks: 'm', groundTruth: 'g', classes: 'voc2012', thresholds: [0.5] })],
    ['boundary', () => evaluate({ cams: 'c', groundTruth: 'g', classes: 'voc2012', boundary: true })],
    ['against', () => evaluate({ cams: 'c', groundTruth: 'g', classes: 'voc2012', against: 'a' })],
    ['minArea', () => evaluate({ masks: 'm', groundTruth: 'g', classes: 'voc2012', minArea: 0.1 })],
    ['seed', () => evaluate({ masks: 'm', groundTruth: 'g', classes: 'voc2012', seed: 1 })],
    ['maskColors', () => evaluate({ cams: 'c', groundTruth: data, maskColors: 'use' })],
    ['split', () => exportFolder({ data, split: 'val', out: join(root, 'out') })],
    ['split', () => checkData({ data: photos, split: 'val' })],
    ['labels', () => checkData({ data, labels: 'labels.csv' })],
    ['classes', () => checkData({ data, classes: 'classes.json' })],
    ['val', () => checkData({ data, val: 0.2 })],
    ['images', () => checkData({ data: photos, images: 'i' })],
    ['exif', () => folder({ folder: photos, exif: 'apply' })],
    ['split', () => folder({ folder: photos, split: 'val' })],
    ['valSeed', () => folder({ folder: photos, valSeed: 3 })],
  ])('%s', async (option, call) => {
    const refused = expect.objectContaining({ code: 'SEMPLES_OPTION_INVALID' })
    await expect(call()).rejects.toEqual(refused)
    await expect(call()).rejects.toThrow(option)
  })
})
