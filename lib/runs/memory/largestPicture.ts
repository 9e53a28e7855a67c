import { mapOrdered } from '../../base/mapOrdered.js'
import { loadSharp } from '../../pictures/sharp.js'

/** Headers read at a time. */
const AT_ONCE = 8

export interface PictureSize {
  image: string
  width: number
  height: number
  maps: number
}

/** Sizes of the pictures; the one with the most pixels times maps. Unreadable ones are met later. */
export async function largestPicture(
  pictures: readonly { image: string; maps: number }[],
  signal?: AbortSignal,
): Promise<PictureSize | undefined> {
  const sharp = await loadSharp()
  let largest: PictureSize | undefined
  const sizeOf = async ({ image, maps }: { image: string; maps: number }): Promise<PictureSize | undefined> => {
    try {
      const { width, height } = await sharp(image).metadata()
      return { image, width, height, maps }
    } catch {
      return undefined
    }
  }
  for await (const size of mapOrdered(pictures, sizeOf, AT_ONCE, signal))
    if (size !== undefined && size.maps > 0 && (largest === undefined || weight(size) > weight(largest))) largest = size
  return largest
}

function weight({ width, height, maps }: PictureSize): number {
  return width * height * (1 + maps / 100)
}
