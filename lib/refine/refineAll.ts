import { availableParallelism } from 'node:os'
import { basename, extname } from 'node:path'
import { SemplesError } from '../base/error.js'
import { mapOrdered } from '../base/mapOrdered.js'
import { itemProgress } from '../base/progress.js'
import { Semaphore } from '../base/semaphore.js'
import { type FolderInput, inputsOfFolders } from './folders.js'
import { resolveRefineOptions } from './options.js'
import { checkName, isPlainName, OutputFolder } from './output.js'
import { prepare, refinePrepared, resourcesOf, wholeNumber } from './refinePicture.js'
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
  const {
    out,
    palette,
    withScores = false,
    overwrite = false,
    errors = 'collect',
    device = 'cpu',
    onProgress,
    signal,
    ...rest
  } = options
  const { concurrency, threads, memoryLimit, ...settings } = rest
  signal?.throwIfAborted()
  const resolved = resolveRefineOptions(settings)
  if (errors !== 'collect' && errors !== 'throw') throw wrongErrors(errors)
  const list = isFolders(inputs) ? await inputsOfFolders(inputs) : inputs
  const total = Array.isArray(list) ? list.length : undefined
  const output =
    out === undefined
      ? undefined
      : await OutputFolder.open(
          { out, scores: withScores === true ? 'npy' : withScores || undefined, palette, overwrite },
          resolved,
          isFolders(inputs) ? [inputs.images, inputs.cams] : [],
          Array.isArray(list) ? list.map(nameOf).filter(isPlainName) : [],
        )
  const resources = allocateResources({ concurrency, threads, memoryLimit }, total)
  const limit = new Semaphore(resources.concurrency)
  const execution = {
    scores: withScores !== false,
    threads: resources.threads,
    memoryLimit: resources.memoryLimit,
    device,
  }

  const refineOne = async (
    input: RefineInput & Partial<FolderInput>,
    index: number,
    stop: AbortSignal,
  ): Promise<RefineDone> => {
    const name = nameOf(input, index)
    try {
      if (input.failure !== undefined) throw input.failure
      if (output?.isDone(checkName(name))) return { name, file: output.fileOf(name), skipped: true }
      await output?.requireRoom(name, input)
      // Pictures are read while others are refined.
      const prepared = await prepare(input, resolved, stop)
      const refined = await limit.run(() => refinePrepared(prepared, resolved, { ...execution, signal: stop }), stop)
      if (output === undefined) return { name, ...refined }
      return { name, file: await output.write(name, refined), ...refined }
    } catch (error) {
      if (stop.aborted || errors === 'throw' || !(error instanceof SemplesError)) throw error
      // A device that is wrong for one picture is wrong for all.
      if (error.field === 'device') throw error
      return { name, error }
    }
  }

  if (output !== undefined) summary.out = output.path
  const progress = itemProgress(resolved.method)
  const started = performance.now()
  for await (const done of mapOrdered(list, refineOne, resources.concurrency + 1, signal)) {
    if (done.error !== undefined) summary.failed.push({ name: done.name, error: done.error })
    else if (done.skipped) summary.skipped++
    else summary.refined++
    const count = summary.refined + summary.skipped + summary.failed.length
    summary.seconds = (performance.now() - started) / 1000
    onProgress?.(progress(count, total ?? count))
    yield done
  }
}

function nameOf({ name, scores, labels, image }: RefineInput, index: number): string {
  if (name !== undefined) return name
  const file = [scores, labels, image].find((value) => typeof value === 'string')
  return file === undefined ? String(index).padStart(6, '0') : basename(file, extname(file))
}

/** Divides threads and memory: one thread per picture where there are many pictures, more where there are few. */
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
  return { concurrency, threads, memoryLimit: Math.max(1, Math.floor(memoryLimit / concurrency)) }
}

function wrongErrors(value: unknown): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'Unknown way to handle failures.',
    field: 'errors',
    value,
    expected: 'collect or throw',
  })
}
