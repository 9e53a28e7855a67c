import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { inspectFile } from '../../../lib/api.js'
import { RunDirectory } from '../../../lib/checkpoints/runDirectory.js'
import { readWeights } from '../../../lib/formats/stateDict.js'
import { readClipSource } from '../../../lib/models/clip/source.js'
import { factsOf, inspectionFolder } from './folder.js'

const { root, at, write } = inspectionFolder()
const weight = { dtype: 'float32' as const, shape: [100], data: new Float32Array(100) }

async function makeRun(path: string, finished: boolean): Promise<void> {
  const run = await RunDirectory.create(path, {
    config: {
      stages: ['classify', 'match'],
      classify: { epochs: 2 },
      match: { epochs: 5 },
      generator: { kind: 'cnn', backbone: 'resnet50', weights: 'resnet50.pth' },
      clip: { path: 'ViT-B-32.pt' },
      data: { kind: 'folder', folder: '/photos' },
    },
    classes: {
      name: 'boats',
      classes: [
        { id: 1, label: 'boat' },
        { id: 2, label: 'cat' },
      ],
    },
    versions: { semples: '0.1.0', libtorch: '2.13.0' },
    seed: 7,
    data: 'fingerprint',
  })
  await run.stage('classify').save({ tensors: { generator: { weight } }, state: {}, epoch: 2 })
  const started = '2026-01-02T03:04:05Z'
  await run.setStage('classify', { status: 'done', started, finished: started, epochs: 2 })
  await run.setStage('match', { status: finished ? 'done' : 'running', started, epochs: finished ? 5 : 3 })
  const metrics = await run.openMetrics()
  for (const [epoch, miou] of [0.25, 0.5, 0.375].entries())
    await metrics.append({ stage: 'match', epoch: epoch + 1, selection: { miou, threshold: 0.4, pictures: 9 } })
  await metrics.close()
  if (finished) await run.updateManifest({ finished: '2026-01-02T05:00:00Z' })
  await run.close()
}

describe('runs', () => {
  test('one that is not finished: how far it came, and how to go on', async () => {
    await makeRun(at('begun'), false)
    const { stages, best, files, models, data, found } = await factsOf(at('begun'))
    expect(found.run).toEqual({
      finished: false,
      stages: [
        { name: 'classify', status: 'done', epochs: 2, of: 2 },
        { name: 'match', status: 'running', epochs: 3, of: 5 },
      ],
      classes: ['boat', 'cat'],
      best: [{ stage: 'match', epoch: 2, miou: 0.5, threshold: 0.4 }],
      checkpoints: [{ path: 'stages/classify/epoch-0002/generator.safetensors', bytes: expect.any(Number) }],
    })
    expect(found.run!.checkpoints[0]!.bytes).toBeGreaterThan(400)
    expect(stages).toContain('3 of 5 epochs')
    expect(best).toContain('mIoU 50.00 %')
    expect(files).toContain('generator.safetensors')
    expect(models).toBe('generator cnn resnet50 from resnet50.pth, CLIP ViT-B-32.pt')
    expect(data).toBe('folder /photos')
    expect(found.next!.commands).toEqual([`npx semples train --resume ${at('begun')}`])
  })

  test('a finished one: masks', async () => {
    await makeRun(at('done'), true)
    const { what, next } = await inspectFile(at('done'))
    expect(what).toBe('a run of semples, finished')
    expect(next!.commands[0]).toBe(`npx semples masks --run ${at('done')} --out masks`)
  })

  test('of another version: refused, naming it', async () => {
    await mkdir(at('old'))
    write('old/run.json', JSON.stringify({ format: 1 }))
    await expect(inspectFile(at('old'))).rejects.toMatchObject({ code: 'SEMPLES_RUN_INVALID' })
  })

  test('its manifest, its weights and the folder above lead to it', async () => {
    await makeRun(at('runs/a'), true)
    expect((await inspectFile(at('runs/a/run.json'))).next!.commands).toEqual([`npx semples inspect ${at('runs/a')}`])
    expect((await inspectFile(at('runs'))).next!.commands).toEqual([`npx semples inspect ${at('runs/a')}`])
    const file = at('runs/a/stages/classify/epoch-0002/generator.safetensors')
    expect((await inspectFile(file)).weights!.tensors).toEqual([{ name: 'weight', dtype: 'float32', shape: [100] }])
  })
})

describe('runs of segmentation models', () => {
  const kinds: [string, object, Record<string, number[]>][] = [
    [
      'vit-mask',
      { kind: 'vit-mask', weights: 'deit-small' },
      {
        'encoder.patch_embed.proj.weight': [8, 3, 4, 4],
        'decoder.cls_emb': [1, 3, 8],
        'decoder.mask_norm.weight': [3],
      },
    ],
    [
      'deeplabv3plus',
      { kind: 'deeplabv3plus', backbone: 'resnet50', weights: 'resnet50' },
      {
        'backbone.conv1.weight': [64, 3, 7, 7],
        'aspp.merge.conv.weight': [8, 40, 1, 1],
        'decoder.low.conv.weight': [4, 8, 1, 1],
        'decoder.classifier.weight': [3, 8, 1, 1],
      },
    ],
    [
      'clip-decoder',
      { kind: 'clip-decoder' },
      { 'mlps.0.0.weight': [8, 8], 'merge.weight': [8, 16], 'classifier.weight': [3, 8] },
    ],
  ]
  test.each(kinds)('%s: what they are, how to go on, and masks of any pictures', async (kind, model, shapes) => {
    const path = at(`segmenter-${kind}`)
    const run = await RunDirectory.create(path, {
      config: { model, train: { epochs: 5 }, data: { kind: 'folder', folder: '/photos' } },
      classes: [
        { id: 1, label: 'boat', prompt: 'boat' },
        { id: 2, label: 'cat', prompt: 'cat' },
      ],
      versions: { semples: '0.1.0' },
      seed: 7,
      data: 'fingerprint',
      notes: { kind: 'segmenter', targets: 'masks in /masks' },
    })
    const tensors = Object.entries(shapes).map(([name, shape]) => {
      const data = new Float32Array(shape.reduce((product, side) => product * side, 1))
      return [name, { dtype: 'float32' as const, shape, data }]
    })
    await run.stage('segment').save({ tensors: { segmenter: Object.fromEntries(tensors) }, state: {}, epoch: 2 })
    await run.setStage('segment', { status: 'running', started: '2026-01-02T03:04:05Z', epochs: 2 })
    await run.close()

    const { found, stages, learns, models } = await factsOf(path)
    expect(found.what).toBe('the run of a segmentation model, not finished')
    expect(found.run).toMatchObject({ stages: [{ name: 'segment', epochs: 2, of: 5 }], classes: ['boat', 'cat'] })
    expect(stages).toContain('2 of 5 epochs')
    expect([learns, models]).toEqual(['masks in /masks', expect.stringContaining(`segmentation model ${kind}`)])
    expect(found.next!.commands).toEqual([`npx semples segment train --resume ${path}`])

    const file = join(path, 'stages/segment/epoch-0002/segmenter.safetensors')
    const weights = await inspectFile(file)
    expect(weights.what).toContain(`a segmentation model of kind ${kind}`)
    expect(weights.facts).toContainEqual({ name: 'sizes', text: 'classes 2' })
    expect(weights.refused).toBeUndefined()
    expect(weights.next!.commands).toEqual([`npx semples predict --run ${path} FILE...`])

    await (await RunDirectory.open(path, 'write')).updateManifest({ finished: '2026-01-02T05:00:00Z' })
    expect((await inspectFile(path)).next!.commands).toEqual([`npx semples predict --run ${path} FILE...`])
  })
})

test('masks of whatever program are masks, and the command that compares them has a class table', async () => {
  await mkdir(at('truth'), { recursive: true })
  await sharp(Buffer.from([0, 1, 2, 255]), { raw: { width: 2, height: 2, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(at('truth/a.png'))
  for (const name of ['truth', 'truth/a.png']) {
    const { next } = await inspectFile(at(name))
    expect(next!.commands[0]).toBe(`npx semples eval --masks ${at('truth')} --ground-truth DIR --classes TABLE`)
  }
  write('truth/classes.json', JSON.stringify([{ label: 'boat' }, { label: 'cat' }]))
  const { next } = await inspectFile(at('truth/a.png'))
  expect(next!.commands[0]).toContain(`--classes ${at('truth/classes.json')}`)
})

test('of many files of weights it says how many are not named', async () => {
  await mkdir(at('many'), { recursive: true })
  for (let index = 0; index < 15; index++) write(`many/${index}.pth`, 'x')
  expect((await inspectFile(at('many'))).facts.at(-1)!.text).toBe('and 3 more')
})

test('a pipe is refused, not waited for', async () => {
  execFileSync('mkfifo', [at('pipe')])
  await expect(inspectFile(at('pipe'))).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
  await expect(readWeights(at('pipe'))).rejects.toMatchObject({ code: 'SEMPLES_CHECKPOINT_INVALID' })
  await expect(readClipSource({ path: at('pipe') })).rejects.toMatchObject({ code: 'SEMPLES_CLIP_INVALID' })
})

test('a folder that is given for a file: the file in it, or of a run how to export it', async () => {
  await mkdir(at('hub'), { recursive: true })
  await mkdir(at('trained'), { recursive: true })
  write('hub/open_clip_model.safetensors', 'x')
  write('trained/run.json', '{}')
  const hint = (text: string) => ({ hint: expect.stringContaining(text) })
  await expect(readClipSource({ path: at('hub') })).rejects.toMatchObject(hint('open_clip_model.safetensors'))
  await expect(readWeights(at('trained'))).rejects.toMatchObject(hint(`npx semples export ${at('trained')} --out`))
  await expect(readClipSource({ path: at('trained') })).rejects.toMatchObject(hint('ViT-B-32.pt'))
})

test('folders of weights, of maps, of masks and of pictures', async () => {
  for (const name of ['weights', 'maps', 'masks', 'photos/boat']) await mkdir(join(root, name), { recursive: true })
  write('weights/model.safetensors', 'x')
  write('maps/a.npy', 'x')
  write('masks/masks.json', '{}')
  write('masks/a.png', 'x')
  await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
    .jpeg()
    .toFile(at('photos/boat/a.jpg'))
  const commands = async (name: string) => (await inspectFile(at(name))).next!.commands.join('\n')
  expect(await commands('weights')).toBe(`npx semples inspect ${at('weights/model.safetensors')}`)
  expect(await commands('maps')).toContain(`npx semples refine --images DIR --cams ${at('maps')}`)
  expect(await commands('masks')).toContain(`npx semples eval --masks ${at('masks')}`)
  expect(await commands('photos')).toBe(`npx semples data check ${at('photos')}`)
})
