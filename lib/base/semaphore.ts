/** Limits how many tasks run at a time; the others wait in first-in, first-out order. */
export class Semaphore {
  private readonly waiting: { needs: number; start(): void }[] = []

  /** @param permits maximum number of tasks at a time, or what they may take together */
  constructor(private permits: number) {}

  /**
   * Runs `task` when a permit is free. If `signal` aborts while it waits, it rejects without running the task.
   * @param task may give back some of what it took before it ends
   * @param takes permits that it needs. Default 1
   */
  async run<T>(task: (giveBack: (permits: number) => void) => Promise<T>, signal?: AbortSignal, takes = 1): Promise<T> {
    if (this.waiting.length === 0 && this.permits >= takes) this.permits -= takes
    else await new Promise<void>((start) => this.waiting.push({ needs: takes, start }))
    let held = takes
    const giveBack = (permits: number): void => {
      held -= permits
      this.release(permits)
    }
    try {
      signal?.throwIfAborted()
      return await task(giveBack)
    } finally {
      this.release(held)
    }
  }

  /** Permits go straight to the next in line, so that no other task can slip in between. */
  private release(permits: number): void {
    this.permits += permits
    for (let next = this.waiting[0]; next !== undefined && next.needs <= this.permits; next = this.waiting[0]) {
      this.permits -= next.needs
      this.waiting.shift()
      next.start()
    }
  }
}
