import { Mutex } from '../../base/cooperative.js'
import { untilAborted } from '../../base/mapOrdered.js'
import { Semaphore } from '../../base/semaphore.js'

/** What the queue asks of a model. */
export interface BatchModel<Prepared, Computed> {
  /** How many like this are computed together, 1 to 4, and what must be equal for that. */
  batchOf(prepared: Prepared): { together: number; key: string }
  /** @returns one for each, in their order */
  compute(batch: readonly Prepared[], signal: AbortSignal): Promise<Computed[]>
}

/** What becomes of one picture beside the work of the model. */
export interface PredictionSteps<Prepared, Computed, Result> {
  prepare(signal: AbortSignal): Promise<Prepared>
  finish(computed: Computed, signal: AbortSignal): Promise<Result>
}

/** Batches in work: one is prepared while the model computes another and the masks of a third are finished. */
const IN_WORK = 3

/** Parts of a batch: each of 1, 2, 3 or 4 pictures is a whole number of them. */
const PARTS = 12

/** Pictures that are in work at most where so many are computed together. */
export function inWork(together: number): number {
  // Each holds the place of a batch until it is prepared.
  return (IN_WORK - 1) * together + 1
}

/** A picture in line for the model. */
interface Job<P, C> {
  abort: AbortController
  /** Once it is prepared. */
  ready?: { prepared: P; parts: number; key: string }
  /** Computed with an earlier one. */
  computed?: { value: C }
  /** A batch with it failed: whose error it was is told by computing each by itself. */
  alone: boolean
}

/**
 * Predictions in the order of the calls. What is prepared when the model becomes free is computed together as far as it
 * fits; nothing waits for more to come.
 */
export class PredictionQueue<P, C> {
  private readonly places = new Semaphore(IN_WORK * PARTS)
  private readonly turn = new Mutex()
  private readonly line: Job<P, C>[] = []
  private readonly jobs = new Set<AbortController>()
  /** Jobs by the signal of their callers: many may have the same, which gets one listener. */
  private readonly followers = new Map<AbortSignal, { jobs: Set<AbortController>; abort(): void }>()
  private closed: { reason: unknown } | undefined
  private latest = 1

  constructor(private readonly model: BatchModel<P, C>) {}

  /** How many calls keep the model busy, as the latest picture shows. */
  get wanted(): number {
    return inWork(this.latest)
  }

  /** @throws the reason of `signal`, at once, or of `close` */
  async run<R>(steps: PredictionSteps<P, C, R>, signal?: AbortSignal): Promise<R> {
    signal?.throwIfAborted()
    if (this.closed !== undefined) throw this.closed.reason
    const job = new AbortController()
    const unfollow = signal === undefined ? undefined : this.follow(signal, job)
    this.jobs.add(job)
    try {
      const own = this.places.run((giveBack) => this.work(steps, job, giveBack), job.signal, PARTS)
      return await untilAborted(own, job.signal)
    } finally {
      this.jobs.delete(job)
      unfollow?.()
    }
  }

  /** All that waits or runs, and all that is asked for later, rejects with this reason. */
  close(reason: unknown): void {
    this.closed ??= { reason }
    for (const job of this.jobs) job.abort(reason)
  }

  /** Aborts a job with a signal. @returns ends that */
  private follow(signal: AbortSignal, job: AbortController): () => void {
    let own = this.followers.get(signal)
    if (own === undefined) {
      const jobs = new Set<AbortController>()
      const abort = () => {
        for (const each of jobs) each.abort(signal.reason)
      }
      own = { jobs, abort }
      this.followers.set(signal, own)
      signal.addEventListener('abort', own.abort, { once: true })
    }
    const { jobs, abort } = own
    jobs.add(job)
    return () => {
      if (!jobs.delete(job) || jobs.size > 0) return
      signal.removeEventListener('abort', abort)
      this.followers.delete(signal)
    }
  }

  private async work<R>(
    { prepare, finish }: PredictionSteps<P, C, R>,
    abort: AbortController,
    giveBack: (parts: number) => void,
  ): Promise<R> {
    const job: Job<P, C> = { abort, alone: false }
    const preparing = prepare(abort.signal).then((prepared) => {
      const { together, key } = this.model.batchOf(prepared)
      this.latest = together
      job.ready = { prepared, parts: PARTS / together, key }
      giveBack(PARTS - job.ready.parts)
    })
    // Its error is thrown when its turn has come.
    preparing.catch(() => undefined)
    this.line.push(job)
    const computed = await this.turn.runExclusive(async () => {
      try {
        await preparing
        abort.signal.throwIfAborted()
        return job.computed === undefined ? await this.computeWith(job) : job.computed.value
      } finally {
        this.line.splice(this.line.indexOf(job), 1)
      }
    })
    abort.signal.throwIfAborted()
    return finish(computed, abort.signal)
  }

  /** Computes the first in line, and with it those after it that are prepared and fit. */
  private async computeWith(first: Job<P, C>): Promise<C> {
    const batch = first.alone ? [first] : this.companionsOf(first)
    const { signal, end } = allAborted(batch.map(({ abort }) => abort.signal))
    try {
      const values = await this.model.compute(
        batch.map(({ ready }) => ready!.prepared),
        signal,
      )
      for (const [at, job] of batch.entries()) job.computed = { value: values[at]! }
      return values[0]!
    } catch (error) {
      if (batch.length === 1 || signal.aborted) throw error
      for (const job of batch) job.alone = true
      first.abort.signal.throwIfAborted()
      return await this.computeWith(first)
    } finally {
      end()
    }
  }

  private companionsOf(first: Job<P, C>): Job<P, C>[] {
    const batch = [first]
    let parts = first.ready!.parts
    for (const job of this.line) {
      if (job === first || job.abort.signal.aborted) continue
      // Those behind one that does not fit keep their order.
      if (job.ready === undefined || job.alone || job.ready.key !== first.ready!.key) break
      parts += job.ready.parts
      if (parts > PARTS) break
      batch.push(job)
    }
    return batch
  }
}

/** Aborts when the last of them has, with its reason. */
function allAborted(signals: readonly AbortSignal[]): { signal: AbortSignal; end(): void } {
  const all = new AbortController()
  const look = (): void => {
    if (signals.every(({ aborted }) => aborted)) all.abort(signals[0]!.reason)
  }
  for (const signal of signals) signal.addEventListener('abort', look)
  const end = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', look)
  }
  return { signal: all.signal, end }
}
