import { readFile } from 'node:fs/promises'
import { runInSlices } from '../base/cooperative.js'
import { SemplesError } from '../base/error.js'
import { emptyImage, type RawImage } from './image.js'
import { loadSharp, type Metadata, type Sharp } from './sharp.js'

export interface DecodeOptions {
  /** `exif`: apply the EXIF orientation, as viewers do. `stored` (default): keep the rows as they are in the file. */
  orientation?: 'exif' | 'stored'
  /** Pictures whose shorter side is longer may be decoded at a smaller size, down to this side. Default: full size. */
  minimumSide?: number
  /** Stops between reading the file and decoding it. */
  signal?: AbortSignal
}

/** Formats that are read. Others that sharp knows (SVG, PDF) are documents to render rather than pictures. */
const FORMATS: readonly string[] = ['jpeg', 'png', 'webp', 'tiff', 'gif', 'heif']
const INTEGER_DEPTHS: readonly string[] = ['uchar', 'ushort']

/**
 * Reads a picture (JPEG, PNG, WebP, TIFF, GIF or AVIF; the first of several frames) as 8-bit RGB.
 *
 * - Embedded ICC profiles are converted to sRGB, perceptual intent; without one, values are taken as sRGB.
 * - Transparency is dropped, as by Pillow's `convert('RGB')`: the colours under it appear
 *   (GIF keeps none there: black).
 * - Grey repeats in the three channels; 16-bit values keep their high byte; palettes are looked up.
 * - CMYK without a profile becomes RGB by the plain formula that Pillow uses, (255 - C) * (255 - K) / 255.
 *
 * @param source path of the file, or its bytes
 * @param name of the picture in errors; the path by default
 * @throws SemplesError `SEMPLES_IMAGE_UNREADABLE`: missing, empty, truncated or not a picture; a truncated picture is never returned.
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeOptions = {},
  name: string = typeof source === 'string' ? source : '(bytes)',
): Promise<RawImage> {
  try {
    const bytes = typeof source === 'string' ? await readFile(source, { signal: options.signal }) : source
    if (bytes.length === 0) throw new Error('the file is empty')
    // The failure level `error` includes truncation but not warnings of decoders.
    const sharp = await loadSharp()
    const input = sharp(bytes, { failOn: 'error' })
    const metadata = await input.metadata()
    checkReadable(metadata)
    options.signal?.throwIfAborted()
    return await pixelsOf(bytes, metadata, options)
  } catch (cause) {
    if (options.signal?.aborted) throw options.signal.reason
    if (cause instanceof SemplesError) throw cause
    throw new SemplesError('SEMPLES_IMAGE_UNREADABLE', {
      message: `The picture ${name} cannot be read: ${firstLine(cause)}`,
      file: name,
      hint: 'Replace it by a whole JPEG, PNG, WebP, TIFF, GIF or AVIF file, or leave it out of the data set.',
      cause,
    })
  }
}

async function pixelsOf(bytes: Uint8Array, metadata: Metadata, options: DecodeOptions): Promise<RawImage> {
  const plainCmyk = metadata.space === 'cmyk' && !metadata.hasProfile
  const sharp = await loadSharp()
  let pipeline: Sharp = sharp(bytes, { failOn: 'error' })
  if (options.orientation === 'exif') pipeline = pipeline.autoOrient()
  const size = reducedSize(metadata, options)
  // Resampling would weight the hidden colours of transparent pixels by their opacity.
  if (size !== undefined && !metadata.hasAlpha) pipeline = pipeline.resize({ ...size, fit: 'fill', kernel: 'cubic' })
  if (plainCmyk) {
    // TIFF files may have further samples behind the four inks: transparency, spot colours.
    const inks = await raw(pipeline.pipelineColourspace('cmyk').toColourspace('cmyk'))
    return runInSlices(rgbFromCmyk(inks), options)
  }
  // sharp leaves 16-bit RGB with a profile in a wider space unless the last one is named.
  if (metadata.space === 'rgb16' && metadata.hasProfile) pipeline = pipeline.withIccProfile('srgb')
  const { data, width, height } = await raw(pipeline.removeAlpha().toColourspace('srgb'))
  if (data.length !== width * height * 3) throw new Error(`decoded to ${data.length} bytes for ${width} x ${height}`)
  return { data, width, height }
}

async function raw(pipeline: Sharp): Promise<RawImage> {
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width: info.width, height: info.height }
}

function checkReadable({ format, depth }: Metadata): void {
  if (!FORMATS.includes(format ?? '')) throw new Error(`${format} files are not pictures to train on`)
  if (!INTEGER_DEPTHS.includes(depth ?? ''))
    throw new Error(`its values are of type ${depth}, only whole numbers of 8 or 16 bits have a known range`)
}

/** Width and height to decode to; undefined: full size. */
function reducedSize(
  metadata: Metadata,
  { minimumSide, orientation }: DecodeOptions,
): { width: number; height: number } | undefined {
  const shown = orientation === 'exif' ? metadata.autoOrient : metadata
  const { width, height } = shown
  const factor = minimumSide === undefined ? 1 : Math.min(width, height) / minimumSide
  if (factor <= 1) return undefined
  return { width: Math.round(width / factor), height: Math.round(height / factor) }
}

/** Four bytes a pixel in, or more, of which the first four count; three out, a few rows at a time. */
function* rgbFromCmyk({ data, width, height }: RawImage): Generator<undefined, RawImage> {
  const result = emptyImage(width, height)
  const samples = data.length / (width * height)
  if (!Number.isInteger(samples) || samples < 4)
    throw new Error(`decoded to ${data.length} bytes for ${width} x ${height}`)
  for (let row = 0; row < height; row++) {
    for (let pixel = row * width; pixel < (row + 1) * width; pixel++) {
      const light = 255 - data[pixel * samples + 3]!
      for (let ink = 0; ink < 3; ink++) {
        // Division by 255, rounded, in whole numbers.
        const product = data[pixel * samples + ink]! * light + 128
        result.data[pixel * 3 + ink] = light - (((product >> 8) + product) >> 8)
      }
    }
    yield
  }
  return result
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // Decoders report an error in several lines, the reason last.
  const lines = text.trim().split('\n')
  return (lines.at(-1) as string).replace(/\.*$/, '.')
}
