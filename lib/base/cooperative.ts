import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long pixel work may hold the event loop before others get a turn, in milliseconds. */
const SLICE_MS = 5

/**
 * Gives one piece of pixel work at a time the JavaScript thread.
 * Without it every picture in flight would take its portion in the same turn of the event loop, and the portions
 * would add up to a stall.
 */
export class Mutex {
  private last: Promise<unknown> = Promise.resolve()

  /** Runs `work` when all earlier work is done; its result or error is the caller's. */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work)
    this.last = mine.catch(() => undefined)
    return mine
  }
}

/**
 * Runs a generator to its end in portions of a few milliseconds, with a turn of the event loop between them.
 * @throws the reason of `signal` between two portions after it aborts
 */
export function runInSlices<T>(
  steps: Generator<undefined, T>,
  { mutex, signal }: { mutex?: Mutex; signal?: AbortSignal } = {},
): Promise<T> {
  const run = async (): Promise<T> => {
    // The turn that calls has already done work of its own: begin in a fresh one.
    await nextTurn()
    signal?.throwIfAborted()
    let start = performance.now()
    for (;;) {
      const step = steps.next()
      if (step.done) return step.value
      if (performance.now() - start > SLICE_MS) {
        await nextTurn()
        signal?.throwIfAborted()
        start = performance.now()
      }
    }
  }
  return mutex === undefined ? run() : mutex.runExclusive(run)
}
