import { setMaxListeners } from 'node:events'

/**
 * Maps `items` concurrently and yields the results in the order of the items. At most `concurrency` results are in
 * work, finished and waiting, or being used by the consumer, however slow the consumer is. A result is yielded as soon
 * as it is its turn, even while `items` has not yet said whether there are more. An error, of `mapper` or of `items`,
 * is thrown when its turn has come. When the iteration ends in any way, the signal given to `mapper` aborts, and every
 * call of `mapper` has settled before the iteration is over.
 * @param concurrency maximum number of unconsumed results, the one in use included; a function is asked again before each
 * @param signal aborts the iteration, which then rejects with its reason
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  mapper: (item: T, index: number, signal: AbortSignal) => Promise<R>,
  concurrency: number | (() => number),
  signal?: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  signal?.throwIfAborted()
  const most = typeof concurrency === 'number' ? () => concurrency : concurrency
  const stop = new AbortController()
  // One listener for each call in work, of which there may be many.
  setMaxListeners(0, stop.signal)
  const abort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  // Items of a synchronous iterable are started at once; only those of an asynchronous one are awaited.
  const syncItems = Symbol.iterator in items ? items[Symbol.iterator]() : undefined
  const asyncItems = Symbol.iterator in items ? undefined : items[Symbol.asyncIterator]()
  const pending: Promise<R>[] = []
  let nextItem: Promise<IteratorResult<T>> | undefined
  let exhausted = false
  let index = 0
  const enqueue = (result: Promise<R>): void => {
    // Its error is thrown when its turn has come; until then it must not count as unhandled.
    result.catch(() => undefined)
    pending.push(result)
  }
  const start = (item: IteratorResult<T>): void => {
    if (item.done) exhausted = true
    else enqueue(mapper(item.value, index++, stop.signal))
  }
  const fail = (error: unknown): void => {
    exhausted = true
    enqueue(Promise.reject(error))
  }
  try {
    while (true) {
      while (syncItems !== undefined && !exhausted && pending.length < most()) {
        try {
          start(syncItems.next())
        } catch (error) {
          fail(error)
        }
      }
      if (asyncItems !== undefined && !exhausted && pending.length < most()) nextItem ??= asyncItems.next()
      const first = pending[0]
      if (nextItem === undefined && first === undefined) return
      // The next item is preferred: whatever can start is started before a result is yielded.
      const settledFirst = await untilAborted(
        Promise.race([settled(nextItem, 'item'), settled(first, 'result')]),
        signal,
      )
      if (settledFirst === 'result') {
        yield await pending.shift()!
        signal?.throwIfAborted()
        continue
      }
      try {
        start(await nextItem!)
      } catch (error) {
        fail(error)
      }
      nextItem = undefined
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    stop.abort(signal?.reason)
    await Promise.allSettled(pending)
    if (!exhausted) syncItems?.return?.()
    const closed = exhausted ? undefined : asyncItems?.return?.()?.catch(() => undefined)
    // An item that never comes is not waited for.
    if (nextItem === undefined) await closed
  }
}

/** Resolves to `name` when `promise` has settled either way; never without a promise. */
function settled<N extends string>(promise: Promise<unknown> | undefined, name: N): Promise<N> {
  if (promise === undefined) return new Promise(() => undefined)
  return promise.then(
    () => name,
    () => name,
  )
}

/** A promise, or the reason of the signal as soon as it aborts; what the promise stands for goes on then. */
export function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise
  // Where the signal has aborted already, nobody looks at it.
  promise.catch(() => undefined)
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.throwIfAborted()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
