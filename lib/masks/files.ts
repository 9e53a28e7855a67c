import { readFile } from 'node:fs/promises'
import path from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { SemplesError } from '../config/error.js'
import { makeFolders } from '../config/folders.js'

/**
 * The bytes of a file.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` when it is absent, a folder, or may not be read
 */
export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(file)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  } catch (cause) {
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `Could not read ${file}: ${reason(cause)}.`,
      file,
      hint: 'Check the path and the permissions.',
      cause,
    })
  }
}

/**
 * Writes a whole file or nothing: the bytes go to a temporary file beside it, which then takes its name.
 * Missing folders are made.
 *
 * @throws SemplesError `SEMPLES_WRITE_FAILED` (disk full, no permission); an older file of that name stays as it was
 */
export async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await makeFolders(path.dirname(file))
    await writeFileAtomic(file, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (cause) {
    throw new SemplesError('SEMPLES_WRITE_FAILED', {
      message: `Could not write ${file}: ${reason(cause)}.`,
      file,
      hint: 'Nothing was left half-written. Check the free space and the permissions of the folder.',
      cause,
    })
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
