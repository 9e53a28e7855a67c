import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import type { TensorMap } from '../../lib/base/tensor.js'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import type { RunConfig, StageName, TrainConfigInput } from '../../lib/config/types.js'
import { type JsonlRecord, readJsonl } from '../../lib/formats/jsonl.js'

/** A generator of 16 patches, two blocks and 70,000 parameters. */
export const tinyGenerator = { kind: 'weaktr' as const, imageSize: 32, patchSize: 8, width: 48, depth: 2, heads: 6 }

/** A run of seconds: every stage makes 2 epochs of 2 steps on 9 pictures. */
export function tinyRun(data: RunConfig['data'], out: string, changes: TrainConfigInput = {}): TrainConfigInput {
  const { generator, prompt, ...rest } = changes
  return {
    data,
    out,
    seed: 7,
    device: 'cpu',
    threads: 1,
    epochs: 2,
    batch: 4,
    lr: 0.05,
    generator: { weights: 'random', ...tinyGenerator, ...generator },
    prompt: { length: 4, ...prompt },
    ...rest,
  }
}

/** A folder that is removed after the tests of this file. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'semples-runs-')).then((folder) => {
    made.push(folder)
    return folder
  })
}
const made: string[] = []
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true })
})

export function metricsOf(out: string): Promise<JsonlRecord[]> {
  return readJsonl(join(out, 'metrics.jsonl'))
}

/** The tensors of a stage's last checkpoint: `generator` or `prompts`, and `optimizer`. */
export async function tensorsOf(out: string, stage: StageName): Promise<Record<string, TensorMap>> {
  const checkpoint = await (await RunDirectory.open(out)).stage(stage).load('last')
  if (checkpoint === undefined) throw new Error(`${out} has no checkpoint of ${stage}`)
  return checkpoint.tensors
}

/** Everything of a run that must be the same wherever and however it was made: losses, terms, weights, moments. */
export async function outcomeOf(out: string): Promise<unknown> {
  const run = await RunDirectory.open(out)
  const checkpoints: Record<string, unknown> = {}
  for (const stage of Object.keys(run.manifest.stages) as StageName[]) {
    for (const [file, tensors] of Object.entries(await tensorsOf(out, stage))) {
      checkpoints[`${stage}/${file}`] = fingerprintsOf(tensors)
    }
  }
  return { metrics: await metricsOf(out), checkpoints }
}

/** Tensors as text, equal where every bit is. */
export function fingerprintsOf(tensors: TensorMap): Record<string, string> {
  const entries = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return [name, `${dtype} [${shape.join(', ')}] ${createHash('sha256').update(bytes).digest('hex')}`]
  })
  return Object.fromEntries(entries)
}

/** The files of a folder by name with their content's hash, to see that nothing changed. */
export async function snapshotOf(folder: string): Promise<Record<string, string>> {
  const names = await filesOf(folder)
  const hashes = names.map(async (name) =>
    createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex'),
  )
  return Object.fromEntries((await Promise.all(hashes)).map((hash, index) => [names[index], hash]))
}

/** Names of all files in a folder, sorted; `[]` where there is none. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return (
    entries
      // The list of what was made in a folder is no result.
      .filter((entry) => entry.isFile() && entry.name !== '.semples-files')
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort()
  )
}

export async function jsonOf(...path: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(...path), 'utf8'))
}

/** A signal that aborts at the given step of a stage, epochs counted from 1, and the listener that watches for it. */
export function stopAt(
  stage: StageName,
  epoch: number,
  step: number,
): { signal: AbortSignal; onProgress: (progress: Progress) => void } {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    onProgress: (progress) => {
      const here = progress.stage === stage && progress.epoch === epoch && progress.step === step
      if (here) controller.abort(new Error(`stopped at ${stage} ${epoch}.${step}`))
    },
  }
}
