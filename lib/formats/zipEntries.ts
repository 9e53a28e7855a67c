import { fromBufferPromise } from 'yauzl'
import { SemplesError } from '../base/error.js'

/**
 * The files of a zip archive by path, in their order, whole in memory.
 *
 * @param file what errors call the archive
 * @param maxBytes what they may hold together once they are unpacked; default no limit
 * @throws SemplesError `SEMPLES_NPZ_INVALID`
 */
export async function readZipEntries(
  bytes: Uint8Array,
  file: string,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Map<string, Uint8Array>> {
  try {
    // yauzl refuses directories that leave the archive, and entries that are not of their announced size.
    const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      lazyEntries: true,
    })
    const entries = new Map<string, Uint8Array>()
    let announced = 0
    for await (const entry of zip.eachEntry()) {
      announced += entry.uncompressedSize
      if (announced > maxBytes) throw new Error(`it unpacks to more than ${maxBytes} bytes`)
      const chunks: Uint8Array[] = []
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Uint8Array)
      const whole = Buffer.concat(chunks)
      entries.set(entry.fileName, new Uint8Array(whole.buffer, whole.byteOffset, whole.length))
    }
    return entries
  } catch (cause) {
    throw npzInvalid(file, cause instanceof Error ? cause.message : 'it is damaged', cause)
  }
}

export function npzInvalid(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_NPZ_INVALID', {
    message: `${file} is not a readable .npz archive: ${why}.`,
    file,
    hint: 'Write it again with numpy.savez.',
    cause,
  })
}
