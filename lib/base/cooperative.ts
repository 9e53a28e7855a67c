import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds that pixel work may block the event loop. */
const SLICE_MS = 5

/**
 * Runs asynchronous tasks one after another. Pixel work of several pictures shares one: otherwise each would take its
 * slice in the same turn of the event loop, and the slices would add up to a stall.
 */
export class Mutex {
  private last: Promise<unknown> = Promise.resolve()

  /** Runs `task` after all earlier tasks; resolves or rejects as it does. */
  runExclusive<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task)
    this.last = result.catch(() => undefined)
    return result
  }
}

/**
 * Runs a generator to its end in slices of a few milliseconds, yielding to the event loop between them.
 * @throws the reason of `signal`, between two slices
 */
export function runInSlices<T>(
  steps: Generator<undefined, T>,
  { mutex, signal }: { mutex?: Mutex; signal?: AbortSignal } = {},
): Promise<T> {
  const run = async (): Promise<T> => {
    // The current turn has already done work of its own: start in a fresh one.
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
