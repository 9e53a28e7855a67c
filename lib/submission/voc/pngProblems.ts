import { inflateSync } from 'node:zlib'
import { VOID_ID } from '../../masks/labelMap.js'
import { vocColor } from '../../masks/palette.js'
import { decodeMask } from '../../masks/png.js'
import type { SubmissionProblem } from '../types.js'
import { VOC_CLASSES } from './layout.js'
import type { Size } from './pictureSizes.js'

/** What is wrong with one PNG, and what was seen of it. */
export interface PngProblem {
  problem: Extract<SubmissionProblem, 'not-png' | 'not-indexed' | 'palette' | 'value' | 'void' | 'size'>
  seen: string
}

/** Pictures of VOC 2012 are 500 pixels wide at most: a header that claims a hundred times their pixels is none of them. */
const MOST_PIXELS = 2 ** 25
const SIGNATURE = '89504e470d0a1a0a'
const KINDS: Readonly<Record<number, string>> = {
  0: 'grey',
  2: 'truecolour',
  4: 'grey with alpha',
  6: 'truecolour with alpha',
}

interface Chunks extends Size {
  depth: number
  kind: number
  interlaced: boolean
  palette?: Buffer
  pixels: Buffer[]
}

/**
 * Compares a PNG with what the judge takes: indexed, VOC's colours in VOC's places, values 0 to 20, the picture's size.
 * @param expected size of the picture, where it is known
 */
export function pngProblems(bytes: Uint8Array, expected?: Size): PngProblem[] {
  const png = chunksOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (typeof png === 'string') return [{ problem: 'not-png', seen: png }]
  const problems: PngProblem[] = []
  const { width, height, kind, depth } = png
  if (expected !== undefined && (expected.width !== width || expected.height !== height))
    problems.push({ problem: 'size', seen: `${width}x${height}, its picture is ${expected.width}x${expected.height}` })
  if (kind !== 3)
    return [...problems, { problem: 'not-indexed', seen: `${depth}-bit ${KINDS[kind] ?? `type ${kind}`}` }]
  const values = valuesOf(bytes, png)
  if (typeof values === 'string') return [...problems, { problem: 'not-png', seen: values }]
  const other = otherColor(png.palette, values)
  if (other !== undefined) problems.push({ problem: 'palette', seen: other })
  const wrong = values.filter((value) => value > VOC_CLASSES && value !== VOID_ID)
  if (wrong.length > 0) problems.push({ problem: 'value', seen: `value ${wrong[0]}` })
  if (values.includes(VOID_ID)) problems.push({ problem: 'void', seen: 'value 255' })
  return problems
}

/** The parts of a PNG, or why it is none. */
function chunksOf(bytes: Buffer): Chunks | string {
  if (bytes.toString('hex', 0, 8) !== SIGNATURE)
    return bytes.length === 0 ? 'it is empty' : 'it does not begin like a PNG'
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') return 'it has no header'
  const chunks: Chunks = {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    depth: bytes[24]!,
    kind: bytes[25]!,
    interlaced: bytes[28] !== 0,
    pixels: [],
  }
  for (let at = 33; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (end + 4 > bytes.length) break
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'PLTE') chunks.palette = bytes.subarray(at + 8, end)
    if (type === 'IDAT') chunks.pixels.push(bytes.subarray(at + 8, end))
    if (type === 'IEND') return chunks
    at = end + 4
  }
  return 'it is cut off'
}

/** The values that occur, ascending; or why they cannot be read. */
function valuesOf(bytes: Uint8Array, { width, height, depth, interlaced, pixels }: Chunks): number[] | string {
  if (width * height > MOST_PIXELS) return `its header claims ${width}x${height} pixels`
  // The decoder takes whatever the compressed bytes unpack to: here they may not be more than the header says.
  const raw = (Math.ceil((width * depth) / 8) + 1) * height
  try {
    inflateSync(Buffer.concat(pixels), { maxOutputLength: interlaced ? 2 * raw + 4096 : raw })
    const { data } = decodeMask(bytes, 'mask', { colors: 'ignore' })
    const occurs = new Uint8Array(256)
    for (const value of data) occurs[value] = 1
    return [...occurs.keys()].filter((value) => occurs[value] === 1)
  } catch (error) {
    return `it cannot be decoded: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
  }
}

/** The first place of a palette whose colour is not VOC's; shorter palettes must have those that are used. */
function otherColor(palette: Buffer = Buffer.alloc(0), values: readonly number[]): string | undefined {
  const length = Math.floor(palette.length / 3)
  for (let index = 0; index < length; index++) {
    const color = palette.subarray(3 * index, 3 * index + 3)
    const right = vocColor(index)
    if (right.some((channel, i) => channel !== color[i]))
      return `${[...color].join(', ')} for ${index}, VOC has ${right.join(', ')}`
  }
  const without = values.find((value) => value >= length)
  return without === undefined ? undefined : `no colour for ${without}`
}
