/**
 * Makes the results of steps `from`..`end - 1` in order, `ahead` of them while the consumer works on one.
 * No more is begun than that, however slow the consumer is. When the iteration ends in any way, the signal given to
 * `make` aborts and everything begun has settled before the iteration is over.
 */
export async function* prefetched<T>(
  make: (step: number, signal: AbortSignal) => Promise<T>,
  from: number,
  end: number,
  ahead: number,
  signal?: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const stop = new AbortController()
  const abort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  const begun: Promise<T>[] = []
  let next = from
  const begin = (most: number): void => {
    while (next < end && begun.length < most) {
      const result = make(next++, stop.signal)
      // Its error is told at its own step; until then it is not unhandled.
      result.catch(() => undefined)
      begun.push(result)
    }
  }
  try {
    signal?.throwIfAborted()
    for (let step = from; step < end; step++) {
      begin(ahead)
      const result = await (begun.shift() as Promise<T>)
      signal?.throwIfAborted()
      begin(ahead)
      yield result
      signal?.throwIfAborted()
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    stop.abort(signal?.reason)
    await Promise.allSettled(begun)
  }
}
