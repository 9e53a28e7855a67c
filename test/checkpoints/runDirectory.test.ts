import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type NewRun, RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import type { Checkpoint } from '../../lib/checkpoints/stageDirectory.js'

const options: NewRun = {
  config: { lr: 0.1, stages: ['a'] },
  classes: { name: 'pets', classes: [] },
  versions: { semples: '0.1.0', libtorch: '2.13.0' },
  seed: 504,
  data: 'sha256:abc',
}

const checkpoint = (epoch: number): Checkpoint => ({
  epoch,
  state: { step: epoch * 10, best: 0.5 },
  tensors: {
    generator: { w: { dtype: 'float32', shape: [2], data: Float32Array.of(epoch, epoch) } },
    optimizer: { m: { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(epoch)) } },
  },
})

let folder: string
let path: string
let open: RunDirectory[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-run-'))
  path = join(folder, 'runs/boats')
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((run) => run.close()))
  await rm(folder, { recursive: true, force: true })
})

async function create(): Promise<RunDirectory> {
  const run = await RunDirectory.create(path, options)
  open.push(run)
  return run
}

describe('RunDirectory', () => {
  test('what was given is on disk', async () => {
    const before = Date.now()
    const run = await create()
    expect((await readdir(path)).filter((name) => !name.startsWith('run.lock')).sort()).toEqual([
      'classes.json',
      'config.json',
      'run.json',
    ])
    const reader = await RunDirectory.open(path)
    expect(await reader.readConfig()).toEqual(options.config)
    expect(await reader.readClasses()).toEqual(options.classes)
    expect(await reader.readMetrics()).toEqual([])
    expect(reader.manifest).toEqual(run.manifest)
    expect(reader.manifest).toMatchObject({
      versions: { semples: '0.1.0', libtorch: '2.13.0', node: process.version },
      seed: 504,
      data: 'sha256:abc',
      stages: {},
    })
    expect(Date.parse(reader.manifest.created)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(reader.manifest.created)).toBeLessThanOrEqual(Date.now())
  })

  test('stages and times are recorded', async () => {
    const run = await create()
    await run.setStage('a', { status: 'running', started: '2026-01-01T00:00:00.000Z' })
    await run.setStage('b', { status: 'done', started: '2026-01-02T00:00:00.000Z', epochs: 60 })
    await run.updateManifest({ finished: '2026-01-03T00:00:00.000Z' })
    const { manifest } = await RunDirectory.open(path)
    expect(Object.keys(manifest.stages)).toEqual(['a', 'b'])
    expect(manifest).toEqual(run.manifest)
    expect(manifest.finished).toBe('2026-01-03T00:00:00.000Z')
  })

  test('metrics', async () => {
    const run = await create()
    const log = await run.openMetrics()
    await log.append({ stage: 'a', loss: 1 })
    await log.close()
    expect(await run.readMetrics()).toEqual([{ stage: 'a', loss: 1 }])
  })

  test('an empty folder will do, also one with what file systems put there', async () => {
    await mkdir(join(path, 'lost+found'), { recursive: true })
    await create()
  })

  test('a creation that was killed does not block its folder', async () => {
    await mkdir(path, { recursive: true })
    for (const name of ['.semples-creating', 'config.json', '.classes.json.1.ab.tmp'])
      await writeFile(join(path, name), '{')
    const run = await create()
    expect(await run.readConfig()).toEqual(options.config)
    expect(await readdir(path)).not.toContain('.semples-creating')
  })
})

describe('RunDirectory refuses', () => {
  test('a folder that holds a run, and says what to do', async () => {
    await (await create()).close()
    await expect(create()).rejects.toMatchObject({
      code: 'SEMPLES_RUN_EXISTS',
      file: path,
      hint: expect.stringMatching(/resume.*another output folder/),
    })
  })

  test('a folder with anything else in it, which stays as it is', async () => {
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'config.json'), 'mine')
    await expect(create()).rejects.toMatchObject({
      code: 'SEMPLES_RUN_EXISTS',
      message: expect.stringMatching(/not empty: it holds config\.json/),
    })
    expect(await readdir(path)).toEqual(['config.json'])
    expect(await readFile(join(path, 'config.json'), 'utf8')).toBe('mine')
  })

  test('a file in place of the folder', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(RunDirectory.create(join(folder, 'file'), options)).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
    })
  })

  test('to open what is no run', async () => {
    await expect(RunDirectory.open(folder)).rejects.toMatchObject({ code: 'SEMPLES_RUN_MISSING', file: folder })
    await expect(RunDirectory.open(join(folder, 'none'), 'write')).rejects.toMatchObject({
      code: 'SEMPLES_RUN_MISSING',
    })
  })

  test.each([
    ['{"format":', undefined],
    ['{"format": 1}', 'format'],
    ['{"format": "2"}', 'format'],
    ['[]', ''],
  ])('a damaged manifest %s', async (text, field) => {
    await (await create()).close()
    await writeFile(join(path, 'run.json'), text)
    await expect(RunDirectory.open(path)).rejects.toMatchObject({
      code: 'SEMPLES_RUN_INVALID',
      file: join(path, 'run.json'),
      field,
    })
  })

  test('a second writer, at once, but no reader', async () => {
    await create()
    // With a clock that stands still, one that waits would wait for ever.
    jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'queueMicrotask', 'setImmediate', 'performance'] })
    try {
      await expect(RunDirectory.open(path, 'write')).rejects.toMatchObject({ code: 'SEMPLES_RUN_LOCKED', file: path })
      await RunDirectory.open(path)
    } finally {
      jest.useRealTimers()
    }
  })

  test('two creations at the same time: one wins', async () => {
    const results = await Promise.allSettled([create(), create(), create()])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason.code).toMatch(/^SEMPLES_RUN_(LOCKED|EXISTS)$/)
    }
  })

  test('writing through a run that was opened for reading', async () => {
    await create()
    const reader = await RunDirectory.open(path)
    const refusal = { code: 'SEMPLES_INTERNAL' }
    await expect(reader.stage('a').save(checkpoint(1))).rejects.toMatchObject(refusal)
    await expect(reader.updateManifest({ seed: 1 })).rejects.toMatchObject(refusal)
    await expect(reader.openMetrics()).rejects.toMatchObject(refusal)
  })

  test.each(['', '..', 'a/b', 'A', '-a'])('the stage name %j', async (name) => {
    const run = await create()
    expect(() => run.stage(name)).toThrow(expect.objectContaining({ code: 'SEMPLES_NAME_INVALID' }))
  })

  test('a configuration that is no JSON leaves nothing behind that blocks', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    await expect(RunDirectory.create(path, { ...options, config: circular })).rejects.toThrow()
    await create()
  })
})

describe('closing', () => {
  test('gives the lock back', async () => {
    await (await create()).close()
    const again = await RunDirectory.open(path, 'write')
    await again.close()
    expect(await readdir(path)).not.toContain('run.lock')
  })
})

describe('StageDirectory', () => {
  test('the last checkpoint comes back whole, and only it stays', async () => {
    const stage = (await create()).stage('a')
    expect(await stage.load()).toBeUndefined()
    for (const epoch of [1, 2, 3]) await stage.save(checkpoint(epoch))
    expect(await stage.load()).toEqual(checkpoint(3))
    expect((await readdir(stage.path)).sort()).toEqual(['epoch-0003', 'state.json'])
    expect((await readdir(join(stage.path, 'epoch-0003'))).sort()).toEqual([
      'generator.safetensors',
      'optimizer.safetensors',
      'state.json',
    ])
  })

  test('the best one stays beside it until another is better', async () => {
    const stage = (await create()).stage('a')
    await stage.save(checkpoint(1))
    expect((await stage.load('best'))?.epoch).toBe(1)
    await stage.save(checkpoint(2), { best: true })
    await stage.save(checkpoint(3))
    await stage.save(checkpoint(4))
    expect(await stage.load('best')).toEqual(checkpoint(2))
    expect(await stage.load()).toEqual(checkpoint(4))
    await stage.save(checkpoint(5), { best: true })
    expect((await readdir(stage.path)).sort()).toEqual(['epoch-0005', 'state.json'])
  })

  test('some of the files only', async () => {
    const stage = (await create()).stage('a')
    await stage.save(checkpoint(1))
    expect(Object.keys((await stage.load('last', ['generator']))?.tensors ?? {})).toEqual(['generator'])
  })

  test('the same epoch again replaces the former', async () => {
    const stage = (await create()).stage('a')
    for (const step of [1, 2, 3]) {
      await stage.save({ ...checkpoint(1), state: { step } })
      expect((await stage.load())?.state).toEqual({ step })
    }
    expect(await readdir(stage.path)).toHaveLength(2)
  })

  test('remains of a killed process do not hinder and go away', async () => {
    const stage = (await create()).stage('a')
    await stage.save(checkpoint(1))
    for (const name of ['epoch-0002', 'epoch-0002.tmp']) {
      await mkdir(join(stage.path, name))
      await writeFile(join(stage.path, name, 'generator.safetensors'), 'half')
    }
    expect(await stage.load()).toEqual(checkpoint(1))
    await stage.save(checkpoint(2))
    expect(await stage.load()).toEqual(checkpoint(2))
    expect((await readdir(stage.path)).sort()).toEqual(['epoch-0002', 'state.json'])
  })

  test('a checkpoint that cannot be written leaves the one before', async () => {
    const stage = (await create()).stage('a')
    await stage.save(checkpoint(1))
    const bad = checkpoint(2)
    bad.tensors.generator.w.shape = [5]
    await expect(stage.save(bad)).rejects.toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'w' })
    expect(await stage.load()).toEqual(checkpoint(1))
    expect((await readdir(stage.path)).sort()).toEqual(['epoch-0001', 'state.json'])
  })

  test('damage is named', async () => {
    const stage = (await create()).stage('a')
    await stage.save(checkpoint(1))
    const tensors = join(stage.path, 'epoch-0001', 'generator.safetensors')
    await writeFile(tensors, 'short')
    await expect(stage.load()).rejects.toMatchObject({ code: 'SEMPLES_CHECKPOINT_INVALID', file: tensors })
    await rm(join(stage.path, 'epoch-0001'), { recursive: true })
    await expect(stage.load()).rejects.toMatchObject({ code: 'SEMPLES_RUN_INVALID' })
    await writeFile(join(stage.path, 'state.json'), '{"last": "../../elsewhere"}')
    await expect(stage.load()).rejects.toMatchObject({ code: 'SEMPLES_RUN_INVALID', field: 'last' })
  })
})
