import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import { compileFolders } from '../support/compiled.js'

let folder: string
let compiled: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-killed-'))
  compiled = compileFolders(['base', 'formats', 'checkpoints'])
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(compiled, { recursive: true, force: true })
})

const options = { config: {}, classes: {}, versions: {}, seed: 1, data: '' }

/** A process that creates a run and saves checkpoints and metrics without end; every number in a checkpoint is its epoch. */
const WRITER = `
const { RunDirectory } = await import(process.argv[1] + '/checkpoints/runDirectory.js')
console.log('ready')
const run = await RunDirectory.create(process.argv[2], ${JSON.stringify(options)})
const metrics = await run.openMetrics()
for (let epoch = 1; ; epoch++) {
  const tensor = { dtype: 'float32', shape: [5000], data: new Float32Array(5000).fill(epoch) }
  await metrics.append({ epoch })
  await run.stage('a').save({ epoch, state: { epoch }, tensors: { generator: { tensor }, optimizer: { tensor } } }, { best: epoch % 3 === 0 })
  await run.setStage('a', { status: 'running', started: '', epochs: epoch })
}`

async function startWriter(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, compiled, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function exists(file: string): Promise<void> {
  while (!existsSync(file)) await pause(5)
}

/** Everything that lies in the run is whole and fits together. Gives the last epoch. */
async function expectWhole(path: string): Promise<number> {
  const run = await RunDirectory.open(path)
  for (const which of ['last', 'best'] as const) {
    const checkpoint = await run.stage('a').load(which)
    if (checkpoint === undefined) continue
    expect(checkpoint.state).toEqual({ epoch: checkpoint.epoch })
    for (const file of ['generator', 'optimizer']) {
      const values = new Set(checkpoint.tensors[file].tensor.data as Float32Array)
      expect([...values]).toEqual([checkpoint.epoch])
    }
  }
  const last = (await run.stage('a').load())?.epoch ?? 0
  const epochs = (await run.readMetrics()).map(({ epoch }) => epoch)
  expect(epochs).toEqual(epochs.map((_, index) => index + 1))
  expect(epochs.length).toBeGreaterThanOrEqual(last)
  return last
}

test('kill -9 at any moment leaves a whole run, or none that blocks', async () => {
  let saved = 0
  for (let round = 0; round < 12; round++) {
    const path = join(folder, `run${round}`)
    const child = await startWriter(path)
    // Every other one in its beginnings, the rest after a checkpoint at least.
    if (round % 2 === 1) await exists(join(path, 'stages/a/state.json'))
    await pause(round * round * 2)
    await kill(child)
    if (existsSync(join(path, 'run.json'))) saved += await expectWhole(path)
    else
      for (const name of await readdir(path).catch(() => []))
        expect(name).toMatch(/^\.semples|^run\.lock|^c.*json$|tmp$/)
  }
  expect(saved).toBeGreaterThan(0)
})

test('a killed run can be read while it is locked, and gone on with soon after', async () => {
  const path = join(folder, 'resumed')
  const child = await startWriter(path)
  await exists(join(path, 'stages/a/state.json'))
  await expect(RunDirectory.open(path, 'write')).rejects.toMatchObject({ code: 'SEMPLES_RUN_LOCKED' })
  // A reader beside the writer never meets half a checkpoint.
  for (let read = 0; read < 10; read++) expect(await (await RunDirectory.open(path)).stage('a').load()).toBeDefined()
  await kill(child)
  const last = await expectWhole(path)
  const run = await RunDirectory.open(path, 'write')
  const metrics = await run.openMetrics(({ epoch }) => Number(epoch) <= last)
  await metrics.append({ epoch: last + 1 })
  await metrics.close()
  await run.close()
  expect((await readFile(join(path, 'metrics.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(last + 1)
})
