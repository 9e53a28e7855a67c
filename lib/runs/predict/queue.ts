import { Mutex } from '../../base/cooperative.js'
import { untilAborted } from '../../base/mapOrdered.js'
import { Semaphore } from '../../base/semaphore.js'

/** What becomes of one picture: only `compute` takes the model. */
export interface PredictionSteps<Prepared, Computed, Result> {
  prepare(signal: AbortSignal): Promise<Prepared>
  compute(prepared: Prepared, signal: AbortSignal): Promise<Computed>
  finish(computed: Computed, signal: AbortSignal): Promise<Result>
}

/** Pictures in work: one is prepared while the model computes another and the mask of a third is finished. */
export const IN_WORK = 3

/** Predictions in the order of the calls, one at a time on the model, three in work. */
export class PredictionQueue {
  private readonly places = new Semaphore(IN_WORK)
  private readonly turn = new Mutex()
  private readonly jobs = new Set<AbortController>()
  /** Jobs by the signal of their callers: many may have the same, which gets one listener. */
  private readonly followers = new Map<AbortSignal, { jobs: Set<AbortController>; abort(): void }>()
  private closed: { reason: unknown } | undefined

  /** @throws the reason of `signal`, at once, or of `close` */
  async run<P, C, R>(steps: PredictionSteps<P, C, R>, signal?: AbortSignal): Promise<R> {
    signal?.throwIfAborted()
    if (this.closed !== undefined) throw this.closed.reason
    const job = new AbortController()
    const unfollow = signal === undefined ? undefined : this.follow(signal, job)
    this.jobs.add(job)
    try {
      const own = this.places.run(() => this.work(steps, job.signal), job.signal)
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

  private async work<P, C, R>(steps: PredictionSteps<P, C, R>, signal: AbortSignal): Promise<R> {
    const preparing = steps.prepare(signal)
    // Its error is thrown when its turn has come.
    preparing.catch(() => undefined)
    const computed = await this.turn.runExclusive(async () => {
      const prepared = await preparing
      signal.throwIfAborted()
      return steps.compute(prepared, signal)
    })
    signal.throwIfAborted()
    return steps.finish(computed, signal)
  }
}
