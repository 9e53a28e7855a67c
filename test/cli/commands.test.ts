import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { detectData } from '../../lib/datasets/kinds.js'
import { evaluation, given, run } from './fakes.js'

function folders(...names: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'semples-cli-'))
  for (const name of names) mkdirSync(join(root, name), { recursive: true })
  return root
}

describe('help', () => {
  test.each([
    ...[
      ['train'],
      ['masks'],
      ['segment'],
      ['segment', 'train'],
      ['segment', 'config'],
      ['predict'],
      ['refine'],
      ['annotations'],
      ['eval'],
      ['report'],
      ['export'],
      ['demo'],
      ['scenes'],
      ['convert'],
      ['config'],
      ['doctor'],
      ['completion'],
    ],
    ...[['data'], ['data', 'check'], ['libtorch'], ['libtorch', 'install'], ['weights'], ['weights', 'fetch']],
  ])('%s %s', async (...words) => {
    const ran = await run([...words, '--help'])
    expect([ran.status, ran.err]).toEqual([0, []])
    expect(ran.out.join('\n')).toContain(`Usage: semples ${words.join(' ')}`)
  })

  test('of everything, with examples that parse', async () => {
    const { out } = await run(['--help'])
    const lines = out.join('\n').split('\n')
    expect(lines.join('\n')).toMatch(
      /demo .*train .*masks .*segment .*predict .*refine .*annotations .*eval .*report .*export .*submission .*scenes .*convert .*config .*doctor .*libtorch .*weights .*completion /s,
    )
    const commands = [
      'train',
      'masks',
      'segment train',
      'predict',
      'refine',
      'annotations',
      'eval',
      'report',
      'export',
      'convert',
      'data check',
      'submission voc',
      'submission check',
      'submission coco',
      'libtorch install',
      'weights fetch',
      'config',
    ]
    const all = await Promise.all(commands.map((command) => run([...command.split(' '), '--help'])))
    const examples = [lines, ...all.map((ran) => ran.out.join('\n').split('\n'))]
      .flat()
      .filter((line) => /^ {2}semples /.test(line))
      .map((line) => line.trim().replace(/ {2,}.*| \.\.\.$/g, ''))
    expect(examples.length).toBeGreaterThan(12)
    for (const example of examples) {
      if (/ (demo|doctor|libtorch|weights fetch|config)/.test(example)) continue
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

  test('labels.csv and what stands beside it', async () => {
    const photos = folders('images', 'masks')
    // Without it, images and masks are classes like any other.
    expect(await detectData(photos)).toEqual({ folder: photos })
    for (const name of ['labels.csv', 'classes.json']) writeFileSync(join(photos, name), '')
    const all = {
      folder: join(photos, 'images'),
      labels: join(photos, 'labels.csv'),
      classes: join(photos, 'classes.json'),
      masks: join(photos, 'masks'),
    }
    expect(await detectData(photos)).toEqual(all)
    expect(await detectData(photos, { labels: 'other.csv' })).toEqual({ ...all, labels: 'other.csv' })
    const beside = folders('harbour')
    writeFileSync(join(beside, 'labels.csv'), '')
    expect(await detectData(beside)).toEqual({ folder: beside, labels: join(beside, 'labels.csv') })
  })

  test('drawn scenes are read with their own classes, split by split', async () => {
    const scenes = folders('ImageSets', 'JPEGImages')
    writeFileSync(join(scenes, 'scenes.json'), '')
    const of = (split: string) => ({
      folder: join(scenes, 'JPEGImages'),
      labels: join(scenes, `${split}.csv`),
      classes: join(scenes, 'classes.json'),
      masks: join(scenes, 'SegmentationClass'),
    })
    expect(await detectData(scenes)).toEqual(of('train'))
    expect(await detectData(scenes, { split: 'val' })).toEqual(of('val'))
  })

  test('a file or nothing is refused', async () => {
    const file = join(folders(), 'file')
    writeFileSync(file, '')
    for (const path of [file, join(file, 'inner'), 'nowhere'])
      await expect(detectData(path)).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE', file: path })
  })
})

test.each([
  [['masks', '--runs', 'x', '--out', 'm'], '(--runs is no option. Did you mean --run?)'],
  [['refine', '--image=x', '--cams', 'c', '--out', 'm'], '(--image is no option. Did you mean --images?)'],
  [['masks', '--else', 'x', '--out', 'm'], '(For help, type: npx semples masks --help)'],
])('a required option that is misspelt: %j', async (words, hint) => {
  const { status, err } = await run(words)
  expect([status, err.join('\n').split('\n')[1]]).toEqual([2, hint])
})

describe('masks', () => {
  test('options and result', async () => {
    const photos = folders('ImageSets', 'JPEGImages')
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
      data: { voc2012: photos, labels: 'l.csv' },
      device: 'cpu',
      threads: 2,
    })
    expect(given(ran, 'ensureLibTorch')).toMatchObject({ offline: true })
    expect(ran.out.join('\n')).toMatch(/^1 without a label.*\n3 masks at background threshold 0\.45 are in m/)
  })

  test('warnings are said once: as they arise, or at the end of a quiet job', async () => {
    const words = ['masks', '--run', 'r', '--out', 'm']
    expect((await run(words)).err.join('\n')).not.toContain('RANDOM')
    expect((await run([...words, '--quiet'])).err).toEqual([expect.stringMatching(/^warning: .*RANDOM weights/)])
  })

  test('refined, with pictures to look at, and made again', async () => {
    const words = ['masks', '--run', 'r', '--out', 'm', '--refine', 'deeplab', '--overlay', '--overwrite']
    expect(given(await run(words), 'masks')).toMatchObject({ refine: 'deeplab', overlay: true, overwrite: true })
    expect((await run([...words.slice(0, 6), 'none'])).err.join()).toMatch(/--refine.*Allowed choices are voc, coco/)
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
    [['masks', '--run', 'r', '--out', 'm', '--threshold', '45'], /--threshold <number>.*from 0 to 1/],
    [['masks', '--run', 'r', '--out', 'm', '--threads', 'many'], /--threads <number>.*whole number/],
  ])('%j is refused', async (words, message) => {
    const ran = await run(words)
    expect(ran.status).toBe(2)
    expect(ran.err.join('\n')).toMatch(message)
    expect(ran.calls).toEqual([])
  })

  test('--json', async () => {
    const ran = await run(['masks', '--run', 'r', '--out', 'm', '--npz', '--json'])
    expect(given(ran, 'masks').cams).toBe('npz')
    expect(ran.out).toHaveLength(1)
    expect(JSON.parse(ran.out[0]!)).toMatchObject({ pictures: 3, threshold: 0.45 })
  })
})

describe('eval', () => {
  test('takes masks or maps, not both', async () => {
    const ran = await run(['eval', '--masks', 'm', '--cams', 'c', '--ground-truth', 'g', '--classes', 'voc2012'])
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err[0]).toMatch(/--masks has no use beside --cams/)
  })

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

  test('scores of other programs, with the classes of their maps', async () => {
    const words = ['eval', '--cams', 'c', '--ground-truth', 'g', '--classes', 'voc2012']
    const ran = await run([...words, '--cam-classes', '1-3,7', '--class-offset', '0'])
    expect(given(ran, 'evaluate')).toMatchObject({ cams: 'c', camClasses: [1, 2, 3, 7], classOffset: 0 })
    expect(given(await run(words), 'evaluate')).not.toHaveProperty('camClasses')
    expect((await run([...words, '--cam-classes', '9-3'])).status).toBe(2)
  })

  test('--data is recognised and split', async () => {
    const voc = folders('ImageSets', 'JPEGImages')
    const ran = await run(['eval', '--masks', 'm', '--data', voc, '--split', 'val'])
    expect(given(ran, 'evaluate')).toMatchObject({ groundTruth: { voc2012: voc }, split: 'val' })
  })

  test('what the numbers of --cams are', async () => {
    const words = ['eval', '--cams', 'c', '--ground-truth', 'g', '--classes', 'voc2012']
    const ran = await run([...words, '--scores', 'logits', '--axes', 'hwc', '--entry', 'cam'])
    expect(given(ran, 'evaluate')).toMatchObject({ cams: 'c', values: 'logits', axes: 'hwc', entry: 'cam' })
    expect(given(await run(words), 'evaluate')).not.toHaveProperty('values')
  })

  test('2.6: which maps of --cams are judged', async () => {
    const words = ['eval', '--cams', 'c', '--ground-truth', 'g', '--classes', 'voc2012']
    for (const option of ['--cam-labels', '--labels'])
      expect(given(await run([...words, option, 'l.csv']), 'evaluate')).toMatchObject({ camLabels: 'l.csv' })
    const photos = folders('images', 'masks')
    writeFileSync(join(photos, 'labels.csv'), '')
    const data = ['eval', '--cams', 'c', '--data', photos, '--labels', 'val.csv']
    // There the labels are those of the pictures.
    expect(given(await run(data), 'evaluate')).not.toHaveProperty('camLabels')
    expect(given(await run([...data, '--cam-labels', 'data']), 'evaluate')).toMatchObject({
      camLabels: 'data',
      groundTruth: { labels: 'val.csv' },
    })
  })

  test('--data with masks of its own, and with those of --ground-truth', async () => {
    const photos = folders('images', 'masks')
    writeFileSync(join(photos, 'labels.csv'), '')
    const words = ['eval', '--masks', 'm', '--data', photos]
    const own = { folder: join(photos, 'images'), labels: join(photos, 'labels.csv'), masks: join(photos, 'masks') }
    expect(given(await run(words), 'evaluate').groundTruth).toEqual(own)
    const other = await run([...words, '--ground-truth', 'truth', '--labels', 'val.csv'])
    expect(given(other, 'evaluate').groundTruth).toEqual({ ...own, labels: 'val.csv', masks: 'truth' })
  })

  test('COCO 2014 has its ground truth in its own file', async () => {
    const coco = folders('annotations')
    writeFileSync(join(coco, 'annotations', 'instances_val2014.json'), '{}')
    const ran = await run(['eval', '--masks', 'm', '--data', coco, '--ground-truth', 'g'])
    expect([ran.status, ran.err.join('\n')]).toEqual([2, expect.stringMatching(/--ground-truth has no use here/)])
    expect(ran.calls).toEqual([])
  })

  test.each<[string[], RegExp]>([
    [['eval', '--masks', 'm'], /needs --ground-truth DIR or --data DIR/],
    [['eval', '--ground-truth', 'g', '--classes', 'voc2012'], /needs --masks DIR/],
    [['eval', '--masks', 'm', '--ground-truth', 'g'], /needs --classes TABLE/],
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
    const { out } = await run(['config', 'foreground_prompt', '--preset', 'coco2014'])
    expect(out[0]).toBe('guide.terms.foreground_prompt = 0.2')
    expect(out).toHaveLength(2)
  })

  test('--json', async () => {
    const fields = JSON.parse((await run(['config', '--json'])).out.join('\n')) as { field: string }[]
    expect(fields.map(({ field }) => field)).toEqual(expect.arrayContaining(['data.folder', 'epochs', 'match.lr']))
  })
})

describe('scenes', () => {
  test('what is where, what own data needs, what to type next', async () => {
    const out = join(folders(), 'my scenes')
    const words = ['scenes', '--out', out, '--train', '4', '--val', '2', '--seed', '-3', '--size', '64']
    const writeScenes = async () => {
      mkdirSync(out)
      writeFileSync(join(out, 'train.csv'), 'file,labels\na.jpg,cow\nb.jpg,cow;car\nc.jpg,car\n')
      return { reused: false }
    }
    const ran = await run(words, { writeScenes })
    expect(given(ran, 'writeScenes')).toMatchObject({ out, train: 4, val: 2, seed: -3, size: 64 })
    const text = ran.out.join('\n')
    expect(text).toMatch(/6 scenes are in .*my scenes: 4 to train on, 2 to evaluate on/)
    expect(text).toMatch(/file,labels\n +a\.jpg,cow\n +b\.jpg,cow;car\n\n/)
    expect(ran.out.at(-1)).toContain(`semples train --data '${out}'`)
    const json = await run([...words, '--json'], { writeScenes: async () => ({ reused: true }) })
    expect(JSON.parse(json.out.join('\n'))).toMatchObject({ out, train: 4, reused: true })
  })

  test.each<[string[], RegExp]>([
    [['scenes'], /--out/],
    [['scenes', '--out', 'o', '--train', 'many'], /whole number/],
    [['scenes', '--out', 'o', '--size', ''], /whole number/],
  ])('%j is refused', async (words, message) => {
    const ran = await run(words)
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err.join('\n')).toMatch(message)
  })
})

describe('convert', () => {
  test('data, split and list in the words of the data set', async () => {
    const voc = folders('ImageSets', 'JPEGImages')
    const words = ['convert', '--data', voc, '--out', 'o']
    expect(given(await run(words), 'exportFolder')).toEqual(
      expect.objectContaining({ data: { voc2012: voc }, out: 'o' }),
    )
    const listed = given(await run([...words, '--list', 'trainval', '--split', 'val']), 'exportFolder')
    expect(listed).toMatchObject({ data: { voc2012: voc, evalSplit: 'trainval' }, split: 'val' })
  })

  test('--list is refused for a plain folder', async () => {
    const ran = await run(['convert', '--data', folders(), '--list', 'l.txt', '--out', 'o'])
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err.join('\n')).toMatch(/--list has no use here.*--labels FILE/)
  })

  test('what is where, what was odd, what to type next', async () => {
    const ran = await run(['convert', '--data', folders(), '--out', 'my photos'])
    const text = ran.out.join('\n')
    expect(text).toMatch(/one picture is odd\n3 pictures of coco2014 train2014 are in .*my photos\n/)
    expect(text).toMatch(/80 classes .*\(1 show none.*\n.*\n.*2 pixel masks/)
    expect(ran.out.at(-1)).toContain("semples train --data 'my photos' --preset photos --stages classify")
    const json = await run(['convert', '--data', folders(), '--out', 'o', '--json'])
    expect(JSON.parse(json.out.join('\n'))).toMatchObject({ pictures: 3, masks: 2 })
  })
})

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish', 'pwsh'])('a script for %s', async (shell) => {
    const ran = await run(['completion', shell])
    expect([ran.status, ran.out.join('\n')]).toEqual([0, expect.stringMatching(/semples.*completion-server/s)])
  })

  test('of another shell is refused', async () => {
    expect(await run(['completion', 'tcsh'])).toMatchObject({ status: 2, out: [] })
  })

  test('is no command that help shows twice', async () => {
    expect((await run(['--help'])).out.join('\n')).not.toContain('completion-server')
  })
})
