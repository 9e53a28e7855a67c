import { loadSharp } from './sharp.js'

/** How viewers see a picture: EXIF orientation, 1 to 8, and the sides of its rows as they are stored. */
export interface PictureSides {
  exif: number
  width: number
  height: number
}

/**
 * Sides and EXIF orientation of a picture, from its header alone.
 * @returns undefined where it cannot be read; whoever decodes it says why
 * @throws SemplesError where sharp itself is missing
 */
export async function pictureSides(source: string | Uint8Array): Promise<PictureSides | undefined> {
  const sharp = await loadSharp()
  try {
    const { orientation = 1, width, height } = await sharp(source).metadata()
    return { exif: orientation, width, height }
  } catch {
    return undefined
  }
}
