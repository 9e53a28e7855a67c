import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { inspectFile } from '../../../lib/api.js'
import { RunDirectory } from '../../../lib/checkpoints/runDirectory.js'
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
