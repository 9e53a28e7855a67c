interface Waiting {
  bytes: number
  /** Counts the memory, and lets the picture go on. */
  admit: () => void
}

/**
 * Shares memory among pictures at work: what has been read, what the addon takes, results that wait to be taken. Whoever
 * has begun is served before whoever has not, and the first of them also beyond the limit where nobody works: so there is
 * always one who goes on.
 */
export class MemoryGate {
  private used = 0
  private working = 0
  /** What a picture held once it was read; the largest so far. Undefined: none has been read yet. */
  private largest: number | undefined
  private readonly growing: Waiting[] = []
  private readonly entering: Waiting[] = []
  private reading = 0

  /** @param limit bytes of all together */
  constructor(private readonly limit: number) {}

  /**
   * Reads a picture where there is room for another, as large as the largest so far.
   *
   * @param sizeOf bytes of what was read, which are held until `leave`
   */
  async read<T>(task: () => Promise<T>, sizeOf: (result: T) => number, signal?: AbortSignal): Promise<T> {
    let reserved = 0
    await this.admission(this.entering, 0, () => {
      reserved = this.largest ?? 0
      this.used += reserved
      this.reading++
    })
    let held = 0
    try {
      signal?.throwIfAborted()
      const result = await task()
      held = sizeOf(result)
      this.largest = Math.max(this.largest ?? 0, held)
      return result
    } finally {
      this.reading--
      this.change(held - reserved)
    }
  }

  /** Runs a task that takes so many bytes more, when they are there; they are given back at its end. */
  async work<T>(bytes: number, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.admission(this.growing, bytes, () => {
      this.used += bytes
      this.working++
    })
    try {
      signal?.throwIfAborted()
      return await task()
    } finally {
      this.working--
      this.change(-bytes)
    }
  }

  /** Bytes that are held from now on, or (below 0) no more. */
  change(bytes: number): void {
    this.used += bytes
    this.next()
  }

  private async admission(line: Waiting[], bytes: number, count: () => void): Promise<void> {
    await new Promise<void>((resolve) => {
      const admit = () => {
        line.shift()
        count()
        resolve()
      }
      line.push({ bytes, admit })
      this.next()
    })
  }

  /** Lets in all who may go on. */
  private next(): void {
    for (;;) {
      const grows = this.growing[0]
      const enters = this.entering[0]
      if (grows !== undefined) {
        if (this.working > 0 && this.used + grows.bytes > this.limit) return
        grows.admit()
      } else if (enters !== undefined && this.mayEnter()) enters.admit()
      else return
    }
  }

  private mayEnter(): boolean {
    // Before a first picture has been read, nobody knows how large they are.
    if (this.largest === undefined) return this.reading === 0
    return this.used === 0 || this.used + this.largest <= this.limit
  }
}
