import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { Progress } from '../../../lib/base/progress.js'
import { RunDirectory } from '../../../lib/checkpoints/runDirectory.js'
import type { SegmentConfigInput } from '../../../lib/config/segment/types.js'
import type { FolderData } from '../../../lib/datasets/kinds/folder.js'
import { readMask, writeMask } from '../../../lib/masks/png.js'
import { decodeImage } from '../../../lib/pictures/decode.js'
import { openSegmenter } from '../../../lib/runs/segment/trainedSegmenter.js'
import { trainSegmenter } from '../../../lib/runs/segment/trainSegmenter.js'
import { rejection } from '../../config/refusal.js'
import { needs } from '../../support/needs.js'
import { writeShapes } from '../shapes.js'
import { filesOf, fingerprintsOf, jsonOf, metricsOf, temporaryFolder } from '../tiny.js'
import { tinySegmenter, tinyVit } from './tinySegmenter.js'

needs('build').describe('training a segmentation model', () => {
  let root: string
  let data: FolderData
  let masks: string
  beforeAll(async () => {
    root = await temporaryFolder()
    const { masks: folder, ...rest } = await writeShapes(root)
    data = rest
    masks = folder
  })

  const run = (name: string, changes: SegmentConfigInput = {}) =>
    tinySegmenter(data, join(root, name), { targets: { folder: masks }, ...changes })
  const weightsOf = async (name: string) => {
    const checkpoint = await (await RunDirectory.open(join(root, name))).stage('segment').load('last')
    return fingerprintsOf(checkpoint!.tensors.segmenter!)
  }
  /** Masks of the pictures in another folder, changed. */
  const otherMasks = async (name: string, change: (folder: string) => Promise<unknown>) => {
    const folder = join(root, name)
    await cp(masks, folder, { recursive: true })
    await change(folder)
    return folder
  }

  describe('on pictures that it can learn', () => {
    test('the loss falls, and its masks are right', async () => {
      const changes = {
        model: { ...tinyVit, patchSize: 4, width: 48 },
        train: { epochs: 80, batch: 3, lr: 3e-3, loss: { clipping: { enabled: false } } },
        augment: { photometric: false, ratio: [1, 1] },
      } satisfies SegmentConfigInput
      const { out, stages, classes } = await trainSegmenter(run('learnt', changes))
      const [first] = await metricsOf(out)
      expect(stages[0]!.lastLoss).toBeLessThan((first!.loss as number) / 4)
      expect(classes.classes.map(({ label }) => label)).toEqual(['bar', 'disc', 'square'])
      using trained = await openSegmenter(await RunDirectory.open(out), { device: 'cpu' })
      const right = new Float64Array(4)
      const all = new Float64Array(4)
      for (const name of await readdir(masks)) {
        const image = await decodeImage(join(root, 'pictures', name))
        const { labels } = await trained.segmenter.predict({ scales: [image], window: 32, stride: 16, flip: true })
        const truth = await readMask(join(masks, name))
        truth.data.forEach((id, pixel) => {
          all[id]! += 1
          if (Number(labels!.data[pixel]) === id) right[id]! += 1
        })
      }
      // By chance a quarter of each class; all background has 1, 0, 0, 0.
      for (const id of all.keys()) expect([id, right[id]! / all[id]! > 0.6]).toEqual([id, true])
    })
  })

  describe('what is written', () => {
    const events: Progress[] = []
    beforeAll(async () => {
      await trainSegmenter({ ...run('written'), tensorboard: true, onProgress: (event) => events.push(event) })
    })

    test('config, classes, manifest, metrics, checkpoints', async () => {
      const out = join(root, 'written')
      const files = (await filesOf(out)).filter((name) => !name.startsWith('tensorboard'))
      expect(files).toEqual([
        'classes.json',
        'config.json',
        'metrics.jsonl',
        'run.json',
        ...['optimizer.safetensors', 'segmenter.safetensors', 'state.json'].map(
          (name) => `stages/segment/epoch-0002/${name}`,
        ),
        'stages/segment/state.json',
      ])
      expect(await jsonOf(out, 'run.json')).toMatchObject({
        finished: expect.any(String),
        notes: {
          kind: 'segmenter',
          targets: `masks in ${masks}`,
          targetFiles: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
        stages: { segment: { status: 'done', epochs: 2 } },
      })
    })

    test('a record for every step, and event files', async () => {
      const records = await metricsOf(join(root, 'written'))
      expect(records.map(({ epoch, step }) => [epoch, step])).toEqual([
        [1, 1],
        [1, 2],
        [2, 1],
        [2, 2],
      ])
      for (const record of records)
        expect(record).toMatchObject({
          stage: 'segment',
          loss: expect.any(Number),
          terms: { clipped: expect.any(Number), labelled: 1 },
          learningRate: 1e-3,
        })
      const log = (await filesOf(join(root, 'written'))).filter((name) => name.startsWith('tensorboard'))
      expect(log.length).toBeGreaterThan(0)
    })

    test('is told: how many masks, where what is learnt comes from', () => {
      const messages = events.flatMap(({ message }) => message ?? [])
      expect(messages).toContain(`masks in ${masks}: of 9 pictures`)
      expect(messages.join('\n')).toContain('the encoder starts from random numbers')
    })
  })

  test('the same seed gives the same weights, also with other threads that load', async () => {
    await trainSegmenter(run('one'))
    await trainSegmenter(run('other', { loader: { prefetch: 3, concurrency: 1, cacheMegabytes: 8 } }))
    expect(await weightsOf('other')).toEqual(await weightsOf('one'))
  })

  test('parts of a batch add up to the gradients of the whole batch', async () => {
    // Without dropout, which is drawn for each part.
    const model = { ...tinyVit, dropout: 0, dropPathRate: 0 }
    // Adaptive clipping looks at the loss of a part.
    const loss = { clipping: { enabled: false } }
    const train = { epochs: 1, batch: 4, maxSteps: 1, lr: 1e-3, loss, optimizer: { kind: 'sgd' as const } }
    await trainSegmenter(run('whole-batch', { model, train }))
    await trainSegmenter(run('parts', { model, train: { ...train, microBatch: 2 } }))
    const [whole, parts] = await Promise.all(
      ['whole-batch', 'parts'].map(async (name) => {
        const { tensors } = (await (await RunDirectory.open(join(root, name))).stage('segment').load('last'))!
        return tensors.segmenter!
      }),
    )
    for (const [name, { data: numbers }] of Object.entries(whole!))
      (numbers as Float32Array).forEach((value, at) => {
        const found = (parts![name]!.data as Float32Array)[at]!
        if (Math.abs(found - value) > 1e-5 * Math.max(1, Math.abs(value)))
          expect([name, at, found]).toEqual([name, at, value])
      })
    const [one] = await metricsOf(join(root, 'whole-batch'))
    const [two] = await metricsOf(join(root, 'parts'))
    expect(two!.loss).toBeCloseTo(one!.loss as number, 5)
  })

  describe('what is learnt', () => {
    test('masks that are missing are left out, and that is a warning', async () => {
      const folder = await otherMasks('some', (path) => rm(join(path, 'p03.png')))
      const { warnings } = await trainSegmenter(run('missing', { targets: { folder } }))
      expect(warnings).toContain(`1 of 9 pictures has no mask in ${folder}, and is left out: p03.`)
    })

    test.each([
      [255, 'all pixels are ignored'],
      [0, 'no pixel is of any class'],
    ])('masks of %i alone are refused before a run is made', async (id, text) => {
      const folder = await otherMasks(`only-${id}`, async (path) => {
        for (const name of await readdir(path))
          await writeMask(join(path, name), { width: 48, height: 40, data: new Uint8Array(48 * 40).fill(id) })
      })
      const input = run(`nothing-${id}`, { targets: { folder } })
      await expect(trainSegmenter(input)).rejects.toMatchObject({
        code: 'SEMPLES_NO_MASKS',
        message: expect.stringContaining(text),
      })
      expect(existsSync(join(root, `nothing-${id}`))).toBe(false)
    })

    test('classes that no mask has are named', async () => {
      const folder = await otherMasks('two', async (path) => {
        for (const name of await readdir(path)) {
          const mask = await readMask(join(path, name))
          await writeMask(join(path, name), { ...mask, data: mask.data.map((id) => (id === 2 ? 0 : id)) })
        }
      })
      const { warnings } = await trainSegmenter(run('absent', { targets: { folder } }))
      expect(warnings.join('\n')).toContain('no pixel is of disc: the model will not find it')
    })

    test('ground truth, as an upper bound', async () => {
      const { warnings } = await trainSegmenter(
        run('truth', { data: { ...data, masks } as FolderData, targets: { from: 'truth' } }),
      )
      expect(warnings.join('\n')).toContain('full supervision')
      // The same numbers from the same masks, by whichever way.
      await trainSegmenter(run('same'))
      expect(await weightsOf('truth')).toEqual(await weightsOf('same'))
    })

    test('masks that number the classes otherwise are matched by name', async () => {
      const folder = await otherMasks('renumbered', async (path) => {
        for (const name of await readdir(path)) {
          const mask = await readMask(join(path, name))
          await writeMask(join(path, name), { ...mask, data: mask.data.map((id) => (id === 0 ? 0 : 4 - id)) })
        }
        const classes = ['square', 'disc', 'bar'].map((label, at) => ({ id: at + 1, label }))
        await writeFile(join(path, 'masks.json'), JSON.stringify({ classes }))
      })
      const classes = join(root, 'classes.json')
      await writeFile(classes, JSON.stringify(['bar', 'disc', 'square'].map((label, at) => ({ id: at + 1, label }))))
      const { warnings } = await trainSegmenter(
        run('by-name', { data: { ...data, classes } as FolderData, targets: { folder } }),
      )
      expect(warnings.join('\n')).toMatch(/numbered|numbers/)
      await trainSegmenter(run('by-id', { data: { ...data, classes } as FolderData }))
      expect(await weightsOf('by-name')).toEqual(await weightsOf('by-id'))
    })

    test('masks of pictures as viewers show them, where these are turned', async () => {
      const own = await temporaryFolder()
      const { masks: folder, ...pictures } = await writeShapes(own, { count: 4 })
      const turned = join(pictures.folder, 'p00.jpg')
      await sharp(join(pictures.folder, 'p00.png')).withMetadata({ orientation: 6 }).jpeg().toFile(turned)
      await rm(join(pictures.folder, 'p00.png'))
      await writeFile(pictures.labels!, (await readFile(pictures.labels!, 'utf8')).replace('p00.png', 'p00.jpg'))
      await writeMask(join(folder, 'p00.png'), { width: 40, height: 48, data: new Uint8Array(1920) })
      const { stages } = await trainSegmenter(tinySegmenter(pictures, join(own, 'run'), { targets: { folder } }))
      expect(stages).toMatchObject([{ steps: 2 }])
      // What is said of ground truth is not said of masks to learn from; those of rows as they are stored do not fit.
      const shown = { ...pictures, masks: folder, exif: 'ignore' as const }
      await trainSegmenter(tinySegmenter(shown, join(own, 'shown'), { targets: { folder } }))
      await writeMask(join(folder, 'p00.png'), { width: 48, height: 40, data: new Uint8Array(1920) })
      const stored = tinySegmenter(pictures, join(own, 'no'), { targets: { folder } })
      expect(await rejection(trainSegmenter(stored))).toMatchObject({
        code: 'SEMPLES_MASK_SIZE',
        hint: expect.stringContaining('EXIF'),
      })
    })

    test('balanced weights of classes change the loss', async () => {
      await trainSegmenter(run('balanced', { train: { classWeights: 'balanced' } }))
      await trainSegmenter(run('equal'))
      const [[balanced], [equal]] = await Promise.all(['balanced', 'equal'].map((name) => metricsOf(join(root, name))))
      expect(balanced!.loss).not.toBe(equal!.loss)
    })
  })

  describe('refusals come before anything is written', () => {
    const refused: [string, () => Promise<SegmentConfigInput>, object][] = [
      [
        'no folder of masks',
        async () => ({ targets: { folder: join(root, 'nowhere') } }),
        { code: 'SEMPLES_FILE_UNREADABLE', field: 'targets.folder', file: () => join(root, 'nowhere') },
      ],
      ['no masks at all', async () => ({ targets: { folder: join(root, 'empty') } }), { code: 'SEMPLES_MASK_MISSING' }],
      [
        'the last mask of another size',
        async () => ({
          targets: {
            folder: await otherMasks('size', (path) =>
              writeMask(join(path, 'p08.png'), { width: 40, height: 48, data: new Uint8Array(1920) }),
            ),
          },
        }),
        { code: 'SEMPLES_MASK_SIZE', value: '40x48', expected: '48x40' },
      ],
      [
        'the last mask with an unknown class',
        async () => ({
          targets: {
            folder: await otherMasks('class', (path) =>
              writeMask(join(path, 'p08.png'), { width: 48, height: 40, data: new Uint8Array(1920).fill(9) }),
            ),
          },
        }),
        { code: 'SEMPLES_MASK_CLASS', value: 9 },
      ],
      ['a batch larger than the pictures', async () => ({ train: { batch: 10 } }), { code: 'SEMPLES_BATCH_TOO_LARGE' }],
      [
        'weights that are not there',
        async () => ({ model: { ...tinyVit, weights: 'no/such.pth' } }),
        { code: 'SEMPLES_WEIGHTS_MISSING', field: 'model.weights' },
      ],
      [
        'a CLIP that is not there',
        async () => ({ model: { kind: 'clip-decoder' }, clip: 'no/such.pt' }),
        { code: 'SEMPLES_CLIP_MISSING' },
      ],
      [
        'sizes that do not fit',
        async () => ({ model: { ...tinyVit, heads: 5 } }),
        { code: 'SEMPLES_CONFIG_INVALID', field: 'model.width' },
      ],
    ]
    test.each(refused)('%s', async (name, changes, expected) => {
      await mkdir(join(root, 'empty'), { recursive: true })
      const { file, ...rest } = expected as { file?: () => string }
      const error = await rejection(trainSegmenter(run(`refused ${name}`, await changes())))
      expect(error).toMatchObject({ ...rest, ...(file === undefined ? {} : { file: file() }) })
      expect(await filesOf(join(root, `refused ${name}`))).toEqual([])
    })

    test('a folder that has a run says so before masks are read', async () => {
      await trainSegmenter(run('taken'))
      const events: Progress[] = []
      const again = trainSegmenter({ ...run('taken'), onProgress: (event) => events.push(event) })
      expect(await rejection(again)).toMatchObject({
        code: 'SEMPLES_RUN_EXISTS',
        hint: expect.stringContaining('Resume'),
      })
      expect(events).toEqual([])
    })

    test('refine without a run whose masks could be refined', async () => {
      const error = await rejection(trainSegmenter({ ...run('useless'), refine: 'voc' }))
      expect(error).toMatchObject({ code: 'SEMPLES_OPTION_INVALID', field: 'refine' })
    })
  })

  needs('build').test('runs in a worker', async () => {
    const { pathToFileURL } = await import('node:url')
    const { packageFolder } = await import('../../../lib/base/package.js')
    const url = pathToFileURL(join(packageFolder(), 'dist/index.js')).href
    const code = `import(${JSON.stringify(url)}).then(async ({ trainSegmenter }) => {
      const { out } = await trainSegmenter(require('node:worker_threads').workerData)
      require('node:worker_threads').parentPort.postMessage(out)
    })`
    const worker = new Worker(code, { eval: true, workerData: run('worker') })
    const out = await new Promise((done, failed) => {
      worker.once('message', done)
      worker.once('error', failed)
    })
    await worker.terminate()
    expect(out).toBe(join(root, 'worker'))
    await trainSegmenter(run('main'))
    expect(await weightsOf('worker')).toEqual(await weightsOf('main'))
  })
})
