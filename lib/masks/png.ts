import { type DecodedPng, decode } from 'fast-png'
import { writeAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'
import { encodeIndexedPng, encodeIndexedPngSync, type IndexedPicture } from '../formats/png.js'
import { colorKey, idsByColor, idsOfOwnColors, type MaskColors } from './colors.js'
import type { LabelMap } from './labelMap.js'
import { type Orientation, orientationMark } from './orientation.js'
import { maskPalette, type Palette, vocColor } from './palette.js'

/** Largest mask that is opened: 2^28 pixels. A header that claims more is damaged, or no mask. */
const MAX_PIXELS = 2 ** 28

export interface ReadMaskOptions {
  /**
   * Turns a truecolour mask into ids by exact colour. Without it a truecolour mask is refused,
   * because the same colours mean other classes elsewhere.
   */
  palette?: Palette
  /**
   * What counts where an indexed PNG has the colours of `palette` (default: VOC's) at other places: `refuse` (default),
   * `use` (ids by colour) or `ignore` (ids are the indices). Masks that semples wrote are read by their indices.
   */
  colors?: MaskColors
  /** Pixel values that the mask may have besides 255: colours of other ids then say nothing. Default: all. */
  ids?: readonly number[]
}

/** In a PNG of ours with colours of its own: they are for viewers, whatever a reader takes them for. */
const IDS_MARK = 'semples:ids'

/** `writeMask` of the public API, documented in lib/api/files.ts. */
export async function writeMask(
  file: string,
  mask: LabelMap,
  palette: Palette = maskPalette(),
  orientation?: Orientation,
): Promise<void> {
  const picture = indexed(mask, palette)
  const comment = orientation === undefined ? picture.comment : orientationMark(orientation)
  await writeAtomic(file, await encodeIndexedPng({ ...picture, comment }))
}

/** A mask as `writeMask` writes it, in memory and at once: for small ones. */
export function encodeMask(mask: LabelMap, palette: Palette = maskPalette()): Uint8Array {
  return encodeIndexedPngSync(indexed(mask, palette))
}

function indexed(mask: LabelMap, palette: Palette): IndexedPicture {
  const { width, height, data } = mask
  if (!(width > 0 && height > 0) || data.length !== width * height) {
    throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
      message: `A mask of ${width}x${height} needs ${width * height} pixels.`,
      field: 'data.length',
      value: data.length,
    })
  }
  const isPlain = palette.every((color, id) => String(color) === String(vocColor(id)))
  return { width, height, data, palette, ...(isPlain ? {} : { comment: IDS_MARK }) }
}

/** `readMask` of the public API, documented in lib/api/files.ts. */
export async function readMask(file: string, options: ReadMaskOptions = {}): Promise<LabelMap> {
  return decodeMask(await readBytes(file), file, options)
}

/** `readMask` on bytes already in memory; `name` is what errors call them. */
export function decodeMask(bytes: Uint8Array, name: string, options: ReadMaskOptions = {}): LabelMap {
  const png = decodePng(bytes, name)
  const { width, height, channels, depth } = png
  if (channels >= 3 && depth === 8) return { width, height, data: idsFromColors(png, name, options.palette) }
  if (png.palette !== undefined) {
    const indices = depth < 8 ? unpackSamples(png) : Uint8Array.from(png.data)
    return { width, height, data: idsFromIndices(indices, png, name, options) }
  }
  if (channels === 1 && depth === 8) return { width, height, data: Uint8Array.from(png.data) }
  throw new SemplesError('SEMPLES_MASK_INVALID', {
    message: `The PNG ${name} does not hold class ids as its pixel values.`,
    file: name,
    expected: 'an indexed PNG or an 8-bit grey one',
    value: `${depth}-bit ${channels === 1 ? 'grey' : channels === 2 ? 'grey with alpha' : 'truecolour'}`,
    hint: 'Save the mask with one byte a pixel (Pillow mode P or L).',
  })
}

function decodePng(bytes: Uint8Array, name: string): DecodedPng {
  checkHeader(bytes, name)
  try {
    return decode(bytes, { checkCrc: true })
  } catch (cause) {
    throw corrupt(name, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** Reads IHDR before the decoder allocates what it claims. */
function checkHeader(bytes: Uint8Array, name: string): void {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  if (bytes.length < 33 || signature.some((byte, i) => bytes[i] !== byte)) {
    throw corrupt(name, bytes.length === 0 ? 'the file is empty' : 'it does not start like a PNG')
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const width = view.getUint32(16)
  const height = view.getUint32(20)
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    throw corrupt(name, `its header claims ${width}x${height} pixels`)
  }
  const depth = bytes[24] ?? 0
  const interlaced = bytes[28] !== 0
  if (interlaced && depth < 8) {
    throw new SemplesError('SEMPLES_MASK_INVALID', {
      message: `The PNG ${name} is interlaced with ${depth} bits a pixel, which is not read.`,
      file: name,
      hint: 'Save it without interlacing.',
    })
  }
}

function corrupt(name: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_MASK_INVALID', {
    message: `The mask ${name} is not a readable PNG: ${why}.`,
    file: name,
    hint: 'Write or download it again.',
    cause,
  })
}

/** Samples of 1, 2 or 4 bits to bytes; each row starts on a byte, highest bits first. */
function unpackSamples({ width, height, depth, data }: DecodedPng): Uint8Array {
  const samplesPerByte = 8 / depth
  const bytesPerRow = Math.ceil(width / samplesPerByte)
  const highest = (1 << depth) - 1
  const ids = new Uint8Array(width * height)
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const byte = data[row * bytesPerRow + Math.floor(column / samplesPerByte)]!
      ids[i] = (byte >> (8 - depth * ((column % samplesPerByte) + 1))) & highest
    }
  }
  return ids
}

/** The indices themselves, unless the colours of the file say that its palette was sorted. */
function idsFromIndices(
  indices: Uint8Array,
  { palette = [], text }: DecodedPng,
  name: string,
  { palette: table, colors = 'refuse', ids }: ReadMaskOptions,
): Uint8Array {
  if (colors === 'ignore' || text?.Comment?.startsWith('semples:')) return indices
  const counts = new Uint8Array(256)
  for (const index of indices) counts[index] = 1
  const used = [...counts.keys()].filter((index) => counts[index] === 1)
  const meant = idsOfOwnColors(used, palette, table, ids)
  if (meant === undefined) return indices
  if (colors === 'use') return indices.map((index) => meant.get(index)!)
  throw new SemplesError('SEMPLES_MASK_INVALID', {
    message: `The indexed PNG ${name} has the colours of the classes at other places than the class table: its pixel values and its colours are different classes.`,
    file: name,
    value: used.map((index) => `${index} in the colour of ${meant.get(index)}`).join(', '),
    expected: 'pixel values that are class ids, with the colours of those ids, in grey or in colours of other kinds',
    hint: "Where a program has sorted the palette, the colours are right: colors: 'use' (--mask-colors use of eval), or Image.open(f).convert('RGB').save(f) in Pillow. If pixel values are class ids: 'ignore', or Image.fromarray(numpy.array(Image.open(f))).save(f).",
  })
}

function idsFromColors(png: DecodedPng, name: string, palette: Palette | undefined): Uint8Array {
  if (palette === undefined) {
    throw new SemplesError('SEMPLES_MASK_INVALID', {
      message: `The mask ${name} is a truecolour PNG; its pixels are colours, not class ids.`,
      file: name,
      expected: 'an indexed PNG or an 8-bit grey one',
      hint: 'Save the mask with indices; or, in a program, readMask with the palette that the colours come from: { palette: maskPalette() } for those of VOC.',
    })
  }
  const idOfColor = idsByColor(palette)
  const { width, height, channels, data } = png
  const ids = new Uint8Array(width * height)
  for (let i = 0, offset = 0; i < ids.length; i++, offset += channels) {
    const [red, green, blue] = [data[offset]!, data[offset + 1]!, data[offset + 2]!]
    const id = idOfColor.get(colorKey(red, green, blue))
    if (id === undefined || (channels === 4 && data[offset + 3] !== 255)) {
      throw new SemplesError('SEMPLES_MASK_INVALID', {
        message: `The mask ${name} has a colour that is not in the palette, at column ${i % width}, row ${Math.floor(i / width)}.`,
        file: name,
        value: Array.from(data.slice(offset, offset + channels)),
        hint:
          red === green && green === blue
            ? 'Its three channels are equal here: are they class ids, written three times? Then save one of them (Pillow mode L).'
            : 'Use another palette, or save the mask without smoothing or lossy compression.',
      })
    }
    ids[i] = id
  }
  return ids
}
