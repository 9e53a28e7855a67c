interface Waiting {
  bytes: number
  /** Counts the memory, and lets the picture go on. */
  admit: () => void
}

/** Bytes of a picture that has been read: what is held, and what refining it takes beside that. */
export interface Need {
  held: number
  work: number
}

/**
 * Shares memory among pictures at work: what has been read, what the addon takes, results that wait to be taken. A picture
 * is read where there is room for all that the largest so far took. Whoever has been read is served before whoever has
 * not, and the first of them also beyond the limit where nobody works: so there is always one who goes on.
 */
export class MemoryGate {
  /** What is held and worked with. */
  private used = 0
  /** What pictures that have been read will take, and pictures that are being read may take. */
  private promised = 0
  private working = 0
  private reading = 0
  /** What a picture took in all; the largest so far. Undefined: none has been read yet. */
  private largest: number | undefined
  private readonly growing: Waiting[] = []
  private readonly entering: Waiting[] = []

  /** @param limit bytes of all together */
  constructor(private readonly limit: number) {}

  /**
   * Reads a picture where there is room for another. What it holds then counts until `change` takes it away, what it will
   * work with until `work` begins or `renounce` is called.
   */
  async read<T>(task: () => Promise<T>, needOf: (result: T) => Need, signal?: AbortSignal): Promise<T> {
    let reserved = 0
    await this.admission(this.entering, 0, () => {
      reserved = this.largest ?? 0
      this.promised += reserved
      this.reading++
    })
    let need: Need = { held: 0, work: 0 }
    try {
      signal?.throwIfAborted()
      const result = await task()
      need = needOf(result)
      this.largest = Math.max(this.largest ?? 0, need.held + need.work)
      return result
    } finally {
      this.reading--
      this.promised += need.work - reserved
      this.change(need.held)
    }
  }

  /** Runs a task with the bytes that were promised when its picture was read; they are given back at its end. */
  async work<T>(bytes: number, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.admission(this.growing, bytes, () => {
      this.promised -= bytes
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

  /** Of a picture that was read and will not be refined. */
  renounce(bytes: number): void {
    this.promised -= bytes
    this.next()
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
    const taken = this.used + this.promised
    return taken === 0 || taken + this.largest <= this.limit
  }
}
