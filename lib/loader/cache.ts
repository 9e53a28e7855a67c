import type { RawImage } from '../pictures/image.js'

/**
 * Decoded pictures in memory, up to a number of bytes. What came first stays: every epoch visits every picture once,
 * and evicting the oldest would then throw out each picture just before its turn.
 */
export class ImageCache {
  private readonly images = new Map<number, RawImage>()
  private bytes = 0

  constructor(private readonly limit: number) {}

  /** The picture at `index`, decoded by `decode` unless it is at hand. */
  async get(index: number, decode: () => Promise<RawImage>): Promise<RawImage> {
    const known = this.images.get(index)
    if (known !== undefined) return known
    const image = await decode()
    if (!this.images.has(index) && this.bytes + image.data.length <= this.limit) {
      this.images.set(index, image)
      this.bytes += image.data.length
    }
    return image
  }
}
