/** Lets at most `most` pieces of work run at a time; the others wait in the order in which they came. */
export class Semaphore {
  private running = 0
  private readonly waiting: (() => void)[] = []

  constructor(private readonly most: number) {}

  /** Runs `work` when there is room. An abort while waiting rejects without running it. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.running < this.most) this.running++
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      signal?.throwIfAborted()
      return await work()
    } finally {
      const next = this.waiting.shift()
      // The place goes straight to the next in line, so that none can slip in between.
      if (next === undefined) this.running--
      else next()
    }
  }
}
