import { promisify } from 'node:util'
import { crc32, deflate, inflate } from 'node:zlib'

const [pack, unpack] = [promisify(deflate), promisify(inflate)]

/** Bytes of the signature; of length and type before a chunk's data, and of the checksum after it. */
const [SIGNATURE, BEFORE, AFTER] = [8, 8, 4]

/**
 * Compresses a PNG whose image data are stored as they are. zlib does it in a thread of its own, where an encoder in
 * JavaScript would hold up the event loop for tens of milliseconds a picture.
 *
 * @param png a whole PNG with one IDAT chunk
 */
export async function compressPng(png: Uint8Array): Promise<Uint8Array> {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  const parts: Uint8Array[] = [bytes.subarray(0, SIGNATURE)]
  for (let at = SIGNATURE; at < bytes.length; ) {
    const end = at + BEFORE + bytes.readUInt32BE(at) + AFTER
    const chunk = bytes.subarray(at, end)
    const isData = chunk.toString('latin1', 4, BEFORE) === 'IDAT'
    parts.push(isData ? dataChunk(await pack(await unpack(chunk.subarray(BEFORE, -AFTER)))) : chunk)
    at = end
  }
  return Buffer.concat(parts)
}

function dataChunk(data: Buffer): Buffer {
  const chunk = Buffer.alloc(BEFORE + data.length + AFTER)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write('IDAT', 4, 'latin1')
  data.copy(chunk, BEFORE)
  // Of type and data.
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -AFTER)), chunk.length - AFTER)
  return chunk
}
