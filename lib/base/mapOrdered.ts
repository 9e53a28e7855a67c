/**
 * The results of `work` on each of `items`, in their order, while up to `most` are in work, wait to be taken or are with
 * the consumer: while one is used, `most - 1` are made, and no more is begun however slow the consumer is.
 * A result is given out as soon as it is there, even while `items` has yet to say whether there are more. An error, of
 * `work` or of `items`, is told when its turn has come. When the iteration ends in any way, the signal given to `work`
 * aborts, and everything begun has settled before the iteration is over.
 * @param signal aborts the iteration, which then rejects with its reason
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T, index: number, signal: AbortSignal) => Promise<R>,
  most: number,
  signal?: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  const abort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  // What is at hand at once is begun at once; only other items are awaited.
  const hand = Symbol.iterator in items ? items[Symbol.iterator]() : undefined
  const source = Symbol.iterator in items ? undefined : items[Symbol.asyncIterator]()
  const begun: Promise<R>[] = []
  let pulled: Promise<IteratorResult<T>> | undefined
  let ended = false
  let index = 0
  const begin = (result: Promise<R>): void => {
    // Its error is told when its turn has come; until then it is not unhandled.
    result.catch(() => undefined)
    begun.push(result)
  }
  const take = (item: IteratorResult<T>): void => {
    if (item.done) ended = true
    else begin(work(item.value, index++, stop.signal))
  }
  const end = (error: unknown): void => {
    ended = true
    begin(Promise.reject(error))
  }
  try {
    while (true) {
      while (hand !== undefined && !ended && begun.length < most) {
        try {
          take(hand.next())
        } catch (error) {
          end(error)
        }
      }
      if (source !== undefined && !ended && begun.length < most) pulled ??= source.next()
      const first = begun[0]
      if (pulled === undefined && first === undefined) return
      // First whether there is another item: what can be begun is begun before a result is given out.
      const next = await untilAborted(Promise.race([settled(pulled, 'item'), settled(first, 'result')]), signal)
      if (next === 'result') {
        yield await begun.shift()!
        signal?.throwIfAborted()
        continue
      }
      try {
        take(await pulled!)
      } catch (error) {
        end(error)
      }
      pulled = undefined
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    stop.abort(signal?.reason)
    await Promise.allSettled(begun)
    if (!ended) hand?.return?.()
    const closed = ended ? undefined : source?.return?.()?.catch(() => undefined)
    // Items that never come are not waited for.
    if (pulled === undefined) await closed
  }
}

/** `name` when `promise` has settled, however; never without one. */
function settled<N extends string>(promise: Promise<unknown> | undefined, name: N): Promise<N> {
  if (promise === undefined) return new Promise(() => undefined)
  return promise.then(
    () => name,
    () => name,
  )
}

function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.throwIfAborted()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
