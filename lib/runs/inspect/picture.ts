import { dirname } from 'node:path'
import { shellWord } from '../../base/shell.js'
import { loadSharp } from '../../pictures/sharp.js'
import type { FileAtHand } from './fileAtHand.js'
import { sizeText } from './texts.js'
import type { Found } from './types.js'

/** Formats that `decodeImage` reads, for people. */
const FORMATS: Readonly<Record<string, string>> = {
  jpeg: 'a JPEG',
  png: 'a PNG',
  webp: 'a WebP',
  tiff: 'a TIFF',
  gif: 'a GIF',
  heif: 'an AVIF or HEIF',
}

/** How viewers turn a picture of each EXIF orientation. */
const TURNS = [
  '',
  '',
  'mirrored',
  'turned by 180°',
  'flipped',
  'turned and mirrored',
  'turned by 90°',
  'turned and mirrored',
  'turned by 270°',
]

/** A picture, by its header. */
export async function picture(file: FileAtHand): Promise<Found | undefined> {
  if (!isPicture(file)) return undefined
  const sharp = await loadSharp()
  const found = await sharp(file.path)
    .metadata()
    .catch(() => undefined)
  const format = found && FORMATS[found.format ?? '']
  if (found === undefined || format === undefined) return undefined
  const { width, height, orientation = 1, channels, depth } = found
  const colours = channels < 3 ? 'grey' : channels === 4 ? 'RGB with transparency' : 'RGB'
  return {
    kind: 'picture',
    what: `${format} picture`,
    facts: [
      ['size', `${width}x${height}, ${colours}${depth === 'ushort' ? ', 16 bits' : ''}, ${sizeText(file.size)}`],
      [
        'EXIF',
        orientation > 1
          ? `orientation ${orientation}: viewers show it ${TURNS[orientation]}, ${orientation >= 5 ? `as ${height}x${width}` : 'in the same size'}`
          : 'no orientation: shown as it is stored',
      ],
    ],
    next: {
      text: 'Pictures are trained on by folders. What this one is taken for says:',
      commands: [`npx semples data check ${shellWord(dirname(file.path))}`],
    },
  }
}

/** By the first bytes, so that sharp, which renders documents too, is asked of pictures alone. */
function isPicture(file: FileAtHand): boolean {
  return (
    file.startsWith(0xff, 0xd8, 0xff) ||
    file.startsWith(0x89, 0x50, 0x4e, 0x47) ||
    /^(GIF8|II\*\0|MM\0\*|RIFF.{4}WEBP|.{4}ftyp(avif|heic|heix|mif1))/s.test(file.head.toString('latin1', 0, 16))
  )
}
