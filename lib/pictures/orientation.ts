import { SemplesError } from '../base/error.js'
import { loadSharp } from './sharp.js'

const START_OF_IMAGE = 0xffd8
const START_OF_SCAN = 0xda
const APPLICATION_1 = 0xe1
const FILL = 0xff

/**
 * The bytes of a picture without an EXIF orientation: a JPEG that has one loses its EXIF segments, every other picture
 * is returned unchanged.
 *
 * @throws SemplesError `SEMPLES_IMAGE_UNREADABLE`
 */
export async function withoutOrientation(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  if ((await orientationOf(bytes, file)) === 1) return bytes
  const stripped = withoutExif(bytes, file)
  // A copy that viewers still turn would not fit its mask.
  if ((await orientationOf(stripped, file)) === 1) return stripped
  throw unreadable(file, 'its EXIF orientation lies where it cannot be removed')
}

async function orientationOf(bytes: Uint8Array, file: string): Promise<number> {
  const sharp = await loadSharp()
  const { orientation = 1 } = await sharp(bytes)
    .metadata()
    .catch((cause: unknown) => {
      throw unreadable(file, String(cause), cause)
    })
  return orientation
}

/** Copies a JPEG segment by segment, up to the compressed pixels, which follow unchanged. */
function withoutExif(bytes: Uint8Array, file: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== START_OF_IMAGE) {
    throw unreadable(file, 'it has an EXIF orientation, which can be removed from JPEG files only')
  }
  const kept = [bytes.subarray(0, 2)]
  let at = 2
  while (at + 4 <= bytes.length && bytes[at] === FILL) {
    const marker = bytes[at + 1]!
    if (marker === START_OF_SCAN) break
    // Any number of fill bytes may stand before a marker, and some markers stand alone: ITU T.81, B.1.1.
    const alone = marker === FILL ? 1 : isAlone(marker) ? 2 : undefined
    const end = at + (alone ?? 2 + view.getUint16(at + 2))
    const isExif = marker === APPLICATION_1 && Buffer.from(bytes.subarray(at + 4, at + 8)).toString() === 'Exif'
    if (!isExif) kept.push(bytes.subarray(at, end))
    at = end
  }
  return Buffer.concat([...kept, bytes.subarray(at)])
}

/** Markers without a length: TEM and the restart markers. */
function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)
}

function unreadable(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_IMAGE_UNREADABLE', {
    message: `The picture ${file} cannot be exported: ${why}.`,
    file,
    hint: 'Replace it, or take it from the list of pictures.',
    cause,
  })
}
