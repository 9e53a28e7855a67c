import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import type { RunConfig, TrainConfigInput } from '../../lib/config/types.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeShapes } from './shapes.js'
import { filesOf, metricsOf, outcomeOf, snapshotOf, temporaryFolder, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

let root: string
let data: FolderData & { labels?: string; masks: string }
let out: string
beforeAll(async () => {
  root = await temporaryFolder()
})
let count = 0
beforeEach(async () => {
  const folder = join(root, String(++count))
  data = await writeShapes(folder)
  out = join(folder, 'run')
})

const classifyRun = (changes: TrainConfigInput = {}) => tinyRun(data, out, { stages: ['classify'], ...changes })

/** Training is refused with a typed error before any step, and nothing is left behind. */
async function expectRefused(input: TrainConfigInput, error: Record<string, unknown>): Promise<SemplesError> {
  let steps = 0
  const training = trainSemPLeS({ ...input, onProgress: ({ step }) => void (step > 0 && steps++) })
  const refusal = await training.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(refusal).toBeInstanceOf(SemplesError)
  expect(refusal).toMatchObject(error)
  expect(steps).toBe(0)
  expect(await filesOf(input.out as string)).toEqual([])
  return refusal as SemplesError
}

describe('pictures and labels', () => {
  const table = [
    { id: 1, label: 'bar' },
    { id: 2, label: 'disc' },
  ]

  test('a class that the table does not have', async () => {
    await writeFile(join(data.folder, 'classes.json'), JSON.stringify({ classes: table }))
    const { message } = await expectRefused(
      tinyRun({ ...data, classes: 'classes.json' }, out, { stages: ['classify'] }),
      {
        code: 'SEMPLES_CLASS_UNKNOWN',
        value: 'square',
      },
    )
    expect(message).toMatch(/line 4 of .*labels\.csv/)
  })

  test('a picture that is not there', async () => {
    await rm(join(data.folder, 'p03.png'))
    const { message } = await expectRefused(classifyRun(), { code: 'SEMPLES_PICTURE_MISSING', file: data.labels })
    expect(message).toMatch(/p03\.png \(line 5\)/)
  })

  test('no label at all', async () => {
    const names = (await filesOf(data.folder)).filter((name) => name.endsWith('.png'))
    await writeFile(data.labels as string, names.map((name) => `${name},\n`).join(''))
    await expectRefused(classifyRun(), { code: 'SEMPLES_NO_LABELS', file: data.folder })
  })

  test('no picture folder', async () => {
    const missing = join(root, 'nowhere')
    await expectRefused(tinyRun({ folder: missing }, out, { stages: ['classify'] }), {
      code: 'SEMPLES_FILE_UNREADABLE',
      file: missing,
    })
  })

  test.each([
    ['JSON that is not COCO', '{ "boats": [] }'],
    ['no JSON', 'P5 24 24 255 '],
  ])('%s', async (_title, text) => {
    const coco2014 = join(root, `coco-${count}`)
    const file = join(coco2014, 'annotations', 'instances_train2014.json')
    await mkdir(join(coco2014, 'annotations'), { recursive: true })
    await mkdir(join(coco2014, 'train2014'))
    await writeFile(file, text)
    await expectRefused(tinyRun({ coco2014 }, out, { stages: ['classify'] }), {
      code: 'SEMPLES_DATA_FILE_INVALID',
      file,
    })
  })

  test('COCO pictures without a single annotation', async () => {
    const coco2014 = join(root, 'coco-unlabelled')
    const trainList = join(coco2014, 'list.txt')
    await cp(data.folder, join(coco2014, 'train2014'), { recursive: true })
    await mkdir(join(coco2014, 'annotations'))
    const images = [1, 2].map((id) => ({ id, file_name: `p0${id}.png`, width: 48, height: 40 }))
    const categories = [{ id: 1, name: 'person' }]
    const annotations = [{ id: 1, image_id: 2, category_id: 1, iscrowd: 0, segmentation: [[0, 0, 9, 0, 9, 9]] }]
    await writeFile(
      join(coco2014, 'annotations/instances_train2014.json'),
      JSON.stringify({ images, categories, annotations }),
    )
    await writeFile(trainList, 'p01.png\n')
    const input = tinyRun({ coco2014, trainList }, out, { stages: ['classify'] })
    const { message } = await expectRefused(input, { code: 'SEMPLES_NO_LABELS' })
    expect(message).toMatch(/None of the 1 pictures/)
  })

  describe('a damaged picture', () => {
    const damaged = () => join(data.folder, 'p04.png')
    let good: Buffer
    beforeEach(async () => {
      good = await readFile(damaged())
    })
    const halves = {
      truncated: () => good.subarray(0, good.length / 2),
      overwritten: () => Buffer.alloc(good.length, 7),
    }

    test.each(['truncated', 'overwritten'] as const)(
      '(%s) stops at the step that needs it, and keeps those before',
      async (how) => {
        await writeFile(damaged(), halves[how]())
        const input = classifyRun({ batch: 1, epochs: 1 })
        await expect(trainSemPLeS(input)).rejects.toMatchObject({ code: 'SEMPLES_IMAGE_UNREADABLE', file: damaged() })
        const made = await metricsOf(out)
        expect(made.length).toBeGreaterThan(0)
        expect(made.length).toBeLessThan(9)
        // Still so when it goes on, without making a step twice.
        await expect(trainSemPLeS({ resume: out })).rejects.toMatchObject({ file: damaged() })
        expect(await metricsOf(out)).toEqual(made)
        if (how === 'truncated') return
        await writeFile(damaged(), good)
        await trainSemPLeS({ resume: out })
        const whole = join(root, `whole-${count}`)
        await trainSemPLeS({ ...input, out: whole })
        expect(await outcomeOf(out)).toEqual(await outcomeOf(whole))
      },
    )

    test('is left out and counted where that is asked for', async () => {
      await writeFile(damaged(), halves.truncated())
      const said: string[] = []
      const { warnings, stages } = await trainSemPLeS({
        ...classifyRun({ batch: 3, loader: { unreadable: 'skip' } }),
        onProgress: ({ message }) => void (message !== undefined && said.push(message)),
      })
      expect(stages).toMatchObject([{ steps: 6 }])
      expect(said.filter((message) => message.startsWith('left out p04'))).toHaveLength(2)
      expect(warnings).toContain('classify: unreadable pictures were left out 2 times')
    })
  })
})

describe('config', () => {
  const typos: [string, object, object][] = [
    [
      'a stage name',
      { mach: { epochs: 3 } },
      { code: 'SEMPLES_CONFIG_UNKNOWN', field: 'mach', hint: expect.stringMatching(/match/) },
    ],
    [
      'a field in a section',
      { match: { epoch: 3 } },
      { code: 'SEMPLES_CONFIG_UNKNOWN', field: 'match.epoch', hint: expect.stringMatching(/match\.epochs/) },
    ],
    ['a value', { epochs: 'ten' }, { code: 'SEMPLES_CONFIG_INVALID', field: 'epochs', value: 'ten' }],
    [
      'stages out of order',
      { stages: ['match', 'classify'], clip: 'clip.pt' },
      { code: 'SEMPLES_CONFIG_INVALID', field: 'stages' },
    ],
  ]
  test.each(typos)('%s', async (_title, change, error) => {
    await expectRefused({ ...classifyRun(), ...change }, { ...error })
  })

  test('a batch larger than what there is to train on names both numbers and the field', async () => {
    await writeFile(
      data.labels as string,
      (await readFile(data.labels as string, 'utf8')).replace('p00.png,bar', 'p00.png,'),
    )
    const { message } = await expectRefused(classifyRun({ classify: { batch: 9 } }), {
      code: 'SEMPLES_BATCH_TOO_LARGE',
      field: 'classify.batch',
      value: 9,
      expected: 'at most 8',
    })
    expect(message).toMatch(/9 pictures a step.* has 8 with a label/)
    expect((await trainSemPLeS(classifyRun({ batch: 8, epochs: 1 }))).stages[0].steps).toBe(1)
  })

  test('no weights: what to fetch', async () => {
    const { generator: _, ...input } = classifyRun()
    const { hint } = await expectRefused(input, { code: 'SEMPLES_WEIGHTS_MISSING', field: 'generator.weights' })
    expect(hint).toMatch(/deit_small_patch16_224/)
    expect(hint).toMatch(/'random'/)
  })

  test('weights that are not there, or of another format', async () => {
    const absent = join(root, 'absent.safetensors')
    await expectRefused(classifyRun({ generator: { weights: absent } }), {
      code: 'SEMPLES_WEIGHTS_MISSING',
      file: absent,
    })
    const pickled = join(root, 'deit.pth')
    await writeFile(pickled, 'x')
    await expectRefused(classifyRun({ generator: { weights: pickled } }), {
      code: 'SEMPLES_CHECKPOINT_INVALID',
      file: pickled,
    })
    const broken = join(root, 'broken.safetensors')
    await writeFile(broken, 'these are no tensors')
    await expectRefused(classifyRun({ generator: { weights: broken } }), { file: broken })
  })

  test('no CLIP: what to fetch', async () => {
    const { hint } = await expectRefused(tinyRun(data, out), { code: 'SEMPLES_CLIP_MISSING', field: 'clip' })
    expect(hint).toMatch(/ViT-B-32\.pt/)
  })

  test('a device that is not there', async () => {
    await expectRefused(classifyRun({ device: 'cuda:97' }), { code: 'SEMPLES_DEVICE_UNAVAILABLE' })
  })
})

describe('the output folder', () => {
  test('that is a file, or lies in one', async () => {
    const file = join(root, `file-${count}`)
    await writeFile(file, 'mine')
    for (const path of [file, join(file, 'run')]) {
      await expect(trainSemPLeS({ ...classifyRun(), out: path })).rejects.toMatchObject({
        code: 'SEMPLES_WRITE_FAILED',
        file: path,
      })
    }
    expect(await readFile(file, 'utf8')).toBe('mine')
  })

  test('that holds something else is not touched', async () => {
    await mkdir(out)
    await writeFile(join(out, 'thesis.txt'), 'mine')
    const before = await snapshotOf(out)
    await expect(trainSemPLeS(classifyRun())).rejects.toMatchObject({ code: 'SEMPLES_RUN_EXISTS', file: out })
    expect(await snapshotOf(out)).toEqual(before)
  })

  test('that may not be written to', async () => {
    // Nobody may make files there, not even the super-user.
    const path = '/proc/self/semples'
    await expect(trainSemPLeS({ ...classifyRun(), out: path })).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
      file: path,
    })
  })
})

describeWithClip('CLIP', () => {
  let clip: string
  beforeAll(async () => {
    clip = await tinyClipArchive()
  })
  const withClip = (archive: string, changes: TrainConfigInput = {}) =>
    tinyRun(data, out, { clip: archive, ...changes })

  test('that is no TorchScript archive fails before classification begins', async () => {
    const archive = await readFile(clip)
    const contents: Record<string, Buffer> = {
      text: Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
      empty: Buffer.alloc(0),
      truncated: archive.subarray(0, archive.length / 2),
      'a plain zip': Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64'),
    }
    for (const [name, bytes] of Object.entries(contents)) {
      const file = join(root, `${name}.pt`)
      await writeFile(file, bytes)
      await expectRefused(withClip(file), { code: 'SEMPLES_CLIP_INVALID', file })
    }
    const absent = join(root, 'absent.pt')
    const { hint } = await expectRefused(withClip(absent), { code: 'SEMPLES_CLIP_MISSING', file: absent })
    expect(hint).toMatch(/ViT-B-32\.pt/)
  })

  test('with fewer places than the prompts need', async () => {
    // 24 tokens: start, a photo of, the prompt, full stop, end.
    await expectRefused(withClip(clip, { prompt: { length: 19 } }), {
      code: 'SEMPLES_TEXT_TOO_LONG',
      field: 'prompt.length',
      expected: 'at most 18',
    })
    const { stages } = await trainSemPLeS(withClip(clip, { prompt: { length: 18 }, epochs: 1 }))
    expect(stages).toHaveLength(4)
  })

  test('with fewer places than a class name needs', async () => {
    const long = Array.from({ length: 30 }, () => 'striped').join(' ')
    await writeFile(
      data.labels as string,
      (await readFile(data.labels as string, 'utf8')).replaceAll('bar', `${long} bar`),
    )
    const { message } = await expectRefused(withClip(clip), {})
    expect(message).toMatch(/striped/)
  })

  test('a later stage with too large a batch fails before the first one is trained', async () => {
    const config: Partial<RunConfig>['prompt'] | object = { prompt: { length: 4, batch: 10 } }
    await expectRefused(
      { ...withClip(clip), ...config },
      { code: 'SEMPLES_BATCH_TOO_LARGE', field: 'prompt.batch', value: 10 },
    )
  })
})
