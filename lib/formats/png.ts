import { promisify } from 'node:util'
import { crc32, deflate, deflateSync } from 'node:zlib'

/** A picture of palette indices. */
export interface IndexedPicture {
  width: number
  height: number
  /** One index a pixel, row-major. */
  data: Uint8Array
  /** RGB, 0 to 255; at most 256 colours, the position is the index. */
  palette: readonly (readonly [number, number, number])[]
  /** ASCII text that the file carries besides. */
  comment?: string
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
/** 8 bits, colour type 3 (palette), deflate, adaptive filtering, not interlaced. */
const FORMAT = Buffer.of(8, 3, 0, 0, 0)
const compress = promisify(deflate)

/**
 * A palette PNG (colour type 3, 8 bit). zlib compresses it in a thread of its own, since a large picture would hold up
 * the event loop.
 */
export async function encodeIndexedPng(picture: IndexedPicture): Promise<Uint8Array> {
  return assembled(picture, await compress(scanlines(picture)))
}

/** The same bytes at once: for small pictures. */
export function encodeIndexedPngSync(picture: IndexedPicture): Uint8Array {
  return assembled(picture, deflateSync(scanlines(picture)))
}

/** Every row behind the number of its filter: 0, none, which suits indices best. */
function scanlines({ width, height, data }: IndexedPicture): Buffer {
  const lines = Buffer.alloc((width + 1) * height)
  for (let row = 0; row < height; row++) lines.set(data.subarray(row * width, (row + 1) * width), row * (width + 1) + 1)
  return lines
}

function assembled({ width, height, palette, comment }: IndexedPicture, pixels: Uint8Array): Uint8Array {
  const size = Buffer.alloc(8)
  size.writeUInt32BE(width, 0)
  size.writeUInt32BE(height, 4)
  return Buffer.concat([
    SIGNATURE,
    ...chunk('IHDR', Buffer.concat([size, FORMAT])),
    ...(comment === undefined ? [] : chunk('tEXt', Buffer.from(`Comment\0${comment}`, 'latin1'))),
    ...chunk('PLTE', Uint8Array.from(palette.flat())),
    ...chunk('IDAT', pixels),
    ...chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Length, type, data, and the checksum of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array[] {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length, 0)
  head.write(type, 4, 'latin1')
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(data, crc32(head.subarray(4))), 0)
  return [head, data, checksum]
}
