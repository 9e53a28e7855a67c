import { readFile } from 'node:fs/promises'
import { SemplesError } from './error.js'

/**
 * Reads the bytes of a file.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` when it is absent, a folder, or may not be read
 */
export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(file)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  } catch (cause) {
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `Could not read ${file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      file,
      hint: 'Check the path and the permissions.',
      cause,
    })
  }
}
