import { SemplesError } from '../base/error.js'
import { addLogger } from '../native/logger.js'
import {
  isFolders,
  type RefineDone,
  type RefineFolders,
  type RefineInputs,
  type RefineMasksOptions,
  type RefineSummary,
} from './types.js'

/**
 * Refines the masks of many pictures: an async iterable over them in the order of the inputs, whose `finished` settles
 * when all are done (`await refineMasks(...).finished` is the batch form). Work starts with whichever of the two is used
 * first, and stays only a few pictures ahead of the results that are taken.
 *
 * @param inputs two folders whose files belong together by name, or inputs
 * @param options settings, output and resources; with folders they may stand beside these
 * @throws SemplesError with the first picture, for invalid options, folders or output; the reason of `signal`
 * @example
 * import { refineMasks } from 'semples'
 *
 * const refining = refineMasks({ images: 'photos', cams: 'cams', out: 'refined', preset: 'coco' })
 * for await (const { name, classes, error } of refining) {
 *   console.log(`${name}: ${error?.message ?? `classes ${classes?.join(' ')}`}`) // e.g. canal: classes 0 3
 * }
 * const { refined, skipped, failed } = await refining.finished
 * console.log(`${refined} refined, ${skipped} skipped, ${failed.length} failed`) // e.g. 9 refined, 0 skipped, 0 failed
 */
export function refineMasks(
  inputs: RefineInputs | (RefineFolders & RefineMasksOptions),
  options: RefineMasksOptions = {},
): RefineStream {
  return new RefineStream(async function* (summary) {
    // sharp and LibTorch are loaded when work starts.
    const { refineAll } = await import('./refineAll.js')
    const [pictures, { logger, ...settings }] = apart(inputs, options)
    const end = addLogger(logger)
    try {
      yield* refineAll(pictures, settings, summary)
    } finally {
      end()
    }
  })
}

/** Inputs, and options that may stand beside two folders. */
function apart(
  inputs: RefineInputs | (RefineFolders & RefineMasksOptions),
  options: RefineMasksOptions,
): [RefineInputs, RefineMasksOptions] {
  if (!isFolders(inputs)) return [inputs, options]
  const { images, cams, ...beside } = inputs
  return [
    { images, cams },
    { ...beside, ...options },
  ]
}

/**
 * Refined pictures: iterate to get one after another, or await `finished`, or both.
 * Leaving the loop early ends the work after the pictures in flight; `finished` then counts those that were taken.
 */
export class RefineStream implements AsyncIterable<RefineDone> {
  private taken = false
  private settle!: { resolve: (summary: RefineSummary) => void; reject: (reason: unknown) => void }
  private readonly outcome: Promise<RefineSummary>

  /** @param work yields finished pictures and updates the summary */
  constructor(private readonly work: (summary: RefineSummary) => AsyncGenerator<RefineDone, void>) {
    this.outcome = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // An error also rejects the iteration; here it must not count as unhandled.
    this.outcome.catch(() => undefined)
  }

  /** Settles when all pictures are done. Starts the work if nothing iterates yet; results are then discarded. */
  get finished(): Promise<RefineSummary> {
    // A loop that starts in the same turn of the event loop takes precedence.
    setImmediate(() => {
      if (!this.taken) void this.drain()
    })
    return this.outcome
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RefineDone, void> {
    if (this.taken)
      throw new SemplesError('SEMPLES_REFINE_CONSUMED', {
        message: 'These results have been taken already.',
        hint: 'Iterate once, and before awaiting finished; call refineMasks again for another pass.',
      })
    this.taken = true
    const summary: RefineSummary = { refined: 0, skipped: 0, failed: [], seconds: 0, warnings: [] }
    try {
      yield* this.work(summary)
    } catch (error) {
      this.settle.reject(error)
      throw error
    } finally {
      // After a failure this changes nothing.
      this.settle.resolve(summary)
    }
  }

  private async drain(): Promise<void> {
    try {
      for await (const _ of this) void _
    } catch {
      // `finished` has it.
    }
  }
}
