/**
 * Keeps what was decoded in memory, up to a number of bytes, and never evicts anything: every epoch visits every picture
 * once, so evicting the least recently used would drop each picture just before it is needed again.
 */
export class DecodedCache<Decoded> {
  private readonly entries = new Map<number, Decoded>()
  private bytes = 0

  constructor(
    private readonly limit: number,
    private readonly bytesOf: (decoded: Decoded) => number,
  ) {}

  /** What is at `index`, decoded by `decode` unless it is cached. */
  async get(index: number, decode: () => Promise<Decoded>): Promise<Decoded> {
    const known = this.entries.get(index)
    if (known !== undefined) return known
    const decoded = await decode()
    const bytes = this.bytesOf(decoded)
    if (!this.entries.has(index) && this.bytes + bytes <= this.limit) {
      this.entries.set(index, decoded)
      this.bytes += bytes
    }
    return decoded
  }
}
