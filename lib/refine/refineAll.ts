import { availableParallelism } from 'node:os'
import { basename, extname } from 'node:path'
import { SemplesError } from '../base/error.js'
import { mapOrdered } from '../base/mapOrdered.js'
import { itemProgress, warning } from '../base/progress.js'
import { Semaphore } from '../base/semaphore.js'
import { Warnings } from '../base/warnings.js'
import { CountedKeys } from '../formats/camFile/countedKeys.js'
import { requireRefineDevice } from './device.js'
import { meetsAll } from './fatal.js'
import { type FolderInput, inputsOfFolders } from './folders.js'
import { MemoryGate } from './memoryGate.js'
import type { RefineSettings } from './options.js'
import { checkName, checkPath, isPlainName, lockOutput, OutputFolder } from './output.js'
import {
  heldBytes,
  type PreparedInput,
  prepare,
  refinePrepared,
  resourcesOf,
  resultBytes,
  wholeNumber,
  workBytes,
} from './refinePicture.js'
import { settingsOf } from './settings.js'
import {
  isFolders,
  type RefineDone,
  type RefineInput,
  type RefineInputs,
  type RefineMasksOptions,
  type RefineSummary,
} from './types.js'

/** Implements `refineMasks`; updates `summary` with each picture. */
export async function* refineAll(
  inputs: RefineInputs,
  options: RefineMasksOptions,
  summary: RefineSummary,
): AsyncGenerator<RefineDone, void> {
  const { out, palette, withScores = false, overwrite = false, signal, ...rest } = options
  signal?.throwIfAborted()
  const { classTable, imageLabels, errors = 'collect', concurrency, threads, memoryLimit, ...others } = rest
  const { device = 'cpu', onProgress, ...settings } = others
  const resolved = await settingsOf(settings, classTable, imageLabels)
  if (errors !== 'collect' && errors !== 'throw') throw wrongErrors(errors)
  requireRefineDevice(device)
  const fromFolders = isFolders(inputs)
  const list = fromFolders ? await inputsOfFolders(inputs) : inputs
  const job = { list, fromFolders, settings: resolved }
  if (out === undefined) return yield* refineList({ ...job, options }, summary)
  const folders = fromFolders ? [inputs.images, inputs.cams] : []
  const lock = await lockOutput(out, folders)
  try {
    const names = Array.isArray(list) ? list.map(nameOf).filter((name) => fromFolders || isPlainName(name)) : []
    const scores = withScores === true ? 'npy' : withScores || undefined
    const output = await OutputFolder.open({ out, scores, palette, overwrite }, resolved, folders, names)
    summary.out = output.path
    yield* refineList({ ...job, options, output }, summary)
  } finally {
    await lock.release()
  }
}

interface Job {
  list: Iterable<RefineInput & Partial<FolderInput>> | AsyncIterable<RefineInput>
  /** Names are paths inside a folder. */
  fromFolders: boolean
  settings: RefineSettings
  options: RefineMasksOptions
  output?: OutputFolder
}

async function* refineList(
  { list, fromFolders, settings: resolved, options, output }: Job,
  summary: RefineSummary,
): AsyncGenerator<RefineDone, void> {
  const { concurrency, threads, memoryLimit, withScores = false, errors, device = 'cpu', onProgress, signal } = options
  const total = Array.isArray(list) ? list.length : undefined
  const resources = allocateResources({ concurrency, threads, memoryLimit }, total)
  const limit = new Semaphore(resources.concurrency)
  const gate = new MemoryGate(resources.memoryLimit)
  const warnings = new Warnings()
  const countedKeys = new CountedKeys()
  const ofJob = [...(resolved.imageLabels?.warnings ?? [])]
  const execution = { ...resources, scores: withScores !== false, device }

  const refineOne = async (
    input: RefineInput & Partial<FolderInput>,
    index: number,
    stop: AbortSignal,
  ): Promise<Outcome> => {
    const name = nameOf(input, index)
    let [held, work] = [0, 0]
    const needOf = (prepared: PreparedInput) => {
      const bytes = workBytes(prepared, resolved, resources.memoryLimit)
      held = heldBytes(prepared)
      work = bytes
      return { held, work }
    }
    try {
      if (input.failure !== undefined) throw input.failure
      if (output?.isDone(fromFolders ? checkPath(name) : checkName(name)))
        return { done: { name, file: output.fileOf(name), skipped: true }, held, notices: [] }
      await output?.requireRoom(name, input)
      // Pictures are read while others are refined.
      const prepared = await gate.read(() => prepare({ ...input, name }, resolved, stop), needOf, stop)
      const bytes = work
      const refined = await limit.run(() => {
        work = 0
        const refine = () => refinePrepared(prepared, resolved, { ...execution, workBytes: bytes, signal: stop })
        return gate.work(bytes, refine, stop)
      }, stop)
      const result = resultBytes(refined)
      gate.change(result - held)
      held = result
      const notices = warnings.add(name, prepared.source.warnings)
      countedKeys.add(prepared.source.countedKeys ?? [])
      if (output === undefined) return { done: { name, ...refined }, held, notices }
      return { done: { name, file: await output.write(name, refined), ...refined }, held, notices }
    } catch (error) {
      gate.change(-held)
      gate.renounce(work)
      if (stop.aborted || errors === 'throw' || !(error instanceof SemplesError) || meetsAll(error)) throw error
      return { done: { name, error }, held: 0, notices: [] }
    }
  }

  const progress = itemProgress(resolved.method)
  const tell = (text: string) => onProgress?.(warning(resolved.method, text))
  summary.warnings = ofJob
  for (const text of ofJob) tell(text)
  const started = performance.now()
  for await (const { done, held, notices } of mapOrdered(list, refineOne, resources.concurrency + 1, signal)) {
    if (done.error !== undefined) summary.failed.push({ name: done.name, error: done.error })
    else if (done.skipped) summary.skipped++
    else summary.refined++
    const count = summary.refined + summary.skipped + summary.failed.length
    summary.seconds = (performance.now() - started) / 1000
    summary.warnings = [...ofJob, ...warnings.list()]
    for (const text of notices) tell(text)
    onProgress?.(progress(count, total ?? count))
    yield done
    gate.change(-held)
  }
  // Of all pictures together: one alone may have keys from 1 on by chance.
  for (const text of countedKeys.warnings()) tell(text)
  summary.warnings = [...ofJob, ...warnings.list(), ...countedKeys.warnings()]
}

/** What became of a picture. */
interface Outcome {
  done: RefineDone
  /** Bytes of the result, until it is taken. */
  held: number
  /** Warnings that are new with it. */
  notices: string[]
}

function nameOf({ name, scores, labels, image }: RefineInput, index: number): string {
  if (name !== undefined) return name
  const file = [scores, labels, image].find((value) => typeof value === 'string')
  return file === undefined ? String(index).padStart(6, '0') : basename(file, extname(file))
}

/** Divides threads: one per picture where there are many pictures, more where there are few. */
function allocateResources(
  options: Pick<RefineMasksOptions, 'concurrency' | 'threads' | 'memoryLimit'>,
  total: number | undefined,
): { concurrency: number; threads: number; memoryLimit: number } {
  const processors = availableParallelism()
  const maxConcurrency = Math.max(1, Math.min(processors, total ?? processors))
  const concurrency = wholeNumber('concurrency', options.concurrency ?? maxConcurrency, 1024)
  const { memoryLimit, threads } = resourcesOf({
    threads: options.threads ?? Math.max(1, Math.floor(processors / concurrency)),
    memoryLimit: options.memoryLimit,
  })
  return { concurrency, threads, memoryLimit }
}

function wrongErrors(value: unknown): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'Unknown way to handle failures.',
    field: 'errors',
    value,
    expected: 'collect or throw',
  })
}
