/** Limits how many tasks run at a time; the others wait in first-in, first-out order. */
export class Semaphore {
  private running = 0
  private readonly waiting: (() => void)[] = []

  /** @param permits maximum number of tasks at a time */
  constructor(private readonly permits: number) {}

  /** Runs `task` when a permit is free. If `signal` aborts while it waits, it rejects without running the task. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.running < this.permits) this.running++
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      signal?.throwIfAborted()
      return await task()
    } finally {
      const next = this.waiting.shift()
      // The permit goes straight to the next in line, so that no other task can slip in between.
      if (next === undefined) this.running--
      else next()
    }
  }
}
