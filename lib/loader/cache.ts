import type { RawImage } from '../pictures/image.js'

/**
 * Keeps decoded pictures in memory, up to a number of bytes, and never evicts one: every epoch visits every picture
 * once, so evicting the least recently used would drop each picture just before it is needed again.
 */
export class ImageCache {
  private readonly images = new Map<number, RawImage>()
  private bytes = 0

  constructor(private readonly limit: number) {}

  /** The picture at `index`, decoded by `decode` unless it is cached. */
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
