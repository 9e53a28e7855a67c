import { SemplesError } from '../base/error.js'
import { mapOrdered } from '../base/mapOrdered.js'
import { Semaphore } from '../base/semaphore.js'
import type { Dataset, DatasetItem } from '../datasets/dataset.js'
import { Random } from './random.js'

/** How batches are drawn, whatever is in them. */
export interface BatchesOptions {
  dataset: Dataset
  /** Pictures in a batch. */
  batch: number
  /** Seed of the run. */
  seed: number
  /** Name of the stage; it is part of the random seed, so that stages differ. */
  stage: string
  /** Shuffle in every epoch. Default true. */
  shuffle?: boolean
  /** Drop the last batch of an epoch if it is incomplete. Default true. */
  dropLast?: boolean
  /** Batches to prepare ahead of the one in use. Default 2. */
  prefetch?: number
  /** Pictures decoded at a time. Default 4. */
  concurrency?: number
  /** `skip`: leave unreadable pictures out of their batches and count them. Default `throw`. */
  unreadable?: 'throw' | 'skip'
  /** Called each time a picture is skipped. */
  onSkip?: (item: DatasetItem, error: SemplesError) => void
  /** Bytes of decoded pictures to keep in memory; small data sets are then decoded once. Default 0. */
  cacheBytes?: number
}

/** What is in a batch, and how it is made. */
export interface BatchContent<Sample, Batch> {
  /** Indices into `dataset.items` to use. */
  indices: readonly number[]
  load(index: number, epoch: number, signal: AbortSignal): Promise<Sample>
  /** @param seed of the random numbers of the step: a function of run seed, stage, epoch and step */
  assemble(samples: readonly Sample[], seed: number): Batch
}

export interface Batches<Batch> {
  stepsPerEpoch: number
  /** Pictures in use. */
  count: number
  /** How many times an unreadable picture has been left out of its batch so far. */
  readonly skipped: number
  /**
   * The batches of epoch `epoch`, starting at step `fromStep`. The same arguments give the same bytes, whatever was
   * loaded before. Loading starts with the first `next()`. Nothing keeps running after the iteration has ended, whether
   * by its last batch, `break`, an error or `signal`, with whose reason it then rejects.
   * @throws SemplesError `SEMPLES_IMAGE_UNREADABLE` at the step that needs the picture
   */
  epoch(epoch: number, fromStep?: number, signal?: AbortSignal): AsyncIterableIterator<Batch>
}

/**
 * Batches of a data set: shuffled, made ahead of their use, in order.
 * @throws SemplesError `SEMPLES_BATCH_TOO_LARGE`: fewer pictures than a batch; `SEMPLES_CONFIG_INVALID`: a number out of
 *   its range
 */
export function createBatches<Sample, Batch>(
  options: BatchesOptions,
  content: BatchContent<Sample, Batch>,
): Batches<Batch> {
  checkWhole(options, ['batch', 'concurrency', 'prefetch'])
  const { dataset, batch, dropLast = true } = options
  const { indices } = content
  if (batch > indices.length)
    throw new SemplesError('SEMPLES_BATCH_TOO_LARGE', {
      message: `A batch of ${batch} pictures cannot be filled: ${dataset.name} has ${indices.length} to use.`,
      field: 'batch',
      value: batch,
      expected: `at most ${indices.length}`,
      hint: `Set batch to ${indices.length} or less.`,
    })
  const stepsPerEpoch = dropLast ? Math.floor(indices.length / batch) : Math.ceil(indices.length / batch)
  const maker = new BatchMaker(options, content)
  return {
    stepsPerEpoch,
    count: indices.length,
    get skipped() {
      return maker.skipped
    },
    epoch(epoch, fromStep = 0, signal) {
      if (!Number.isInteger(fromStep) || fromStep < 0 || fromStep > stepsPerEpoch)
        throw optionError('fromStep', fromStep, `a whole number from 0 to ${stepsPerEpoch}`)
      const order = maker.order(epoch)
      const steps = Array.from({ length: stepsPerEpoch - fromStep }, (_, at) => fromStep + at)
      const make = (step: number, _: number, stop: AbortSignal) => maker.make(order, epoch, step, stop)
      return mapOrdered(steps, make, (options.prefetch ?? 2) + 1, signal)
    },
  }
}

class BatchMaker<Sample, Batch> {
  skipped = 0
  private readonly limit: Semaphore

  constructor(
    private readonly options: BatchesOptions,
    private readonly content: BatchContent<Sample, Batch>,
  ) {
    this.limit = new Semaphore(options.concurrency ?? 4)
  }

  /** Indices into the data set in the order of an epoch. */
  order(epoch: number): readonly number[] {
    const { seed, stage, shuffle = true } = this.options
    const { indices } = this.content
    if (!shuffle) return indices
    return Array.from(new Random(seed, stage, 'order', epoch).permutation(indices.length), (at) => indices[at]!)
  }

  async make(order: readonly number[], epoch: number, step: number, signal: AbortSignal): Promise<Batch> {
    const { batch, seed, stage } = this.options
    const wanted = order.slice(step * batch, (step + 1) * batch)
    const load = (index: number): Promise<Sample> =>
      this.limit.run(() => this.content.load(index, epoch, signal), signal)
    // All pictures settle before an error is thrown, so that no work outlives its batch.
    const outcomes = await Promise.allSettled(wanted.map(load))
    const samples: Sample[] = []
    outcomes.forEach((outcome, at) => {
      if (outcome.status === 'fulfilled') samples.push(outcome.value)
      else this.skip(wanted[at]!, outcome.reason)
    })
    if (samples.length === 0) throw (outcomes[0] as PromiseRejectedResult).reason
    return this.content.assemble(samples, new Random(seed, stage, 'step', epoch, step).seed())
  }

  private skip(index: number, error: unknown): void {
    const unreadable = error instanceof SemplesError && error.code === 'SEMPLES_IMAGE_UNREADABLE'
    if (!unreadable || this.options.unreadable !== 'skip') throw error
    this.skipped++
    this.options.onSkip?.(this.options.dataset.items[index]!, error)
  }
}

/** @throws SemplesError `SEMPLES_CONFIG_INVALID` for a field that is given and no whole number above 0 */
export function checkWhole<Options>(options: Options, fields: readonly (keyof Options & string)[]): void {
  for (const field of fields) {
    const value = options[field]
    if (value !== undefined && !(Number.isInteger(value) && (value as number) > 0))
      throw optionError(field, value, 'a whole number above 0')
  }
}

export function optionError(field: string, value: unknown, expected: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The loader cannot use ${field}.`,
    field,
    value,
    expected,
  })
}
