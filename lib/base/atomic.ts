import { randomBytes } from 'node:crypto'
import { fsync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { SemplesError } from './error.js'
import { makeFolders } from './folders.js'

const HINTS: Record<string, string> = {
  ENOSPC: 'The disk is full: free some space or choose another output folder.',
  EDQUOT: 'The disk quota is used up: free some space or choose another output folder.',
  EACCES: 'Choose a folder that you may write to.',
  EPERM: 'Choose a folder that you may write to.',
  EROFS: 'The file system is read-only: choose another output folder.',
  ENOTDIR: 'A part of the path is a file, not a folder.',
  EEXIST: 'A part of the path is a file, not a folder.',
  EISDIR: 'There is a folder of that name.',
}

/** Suffix of files and folders that are still being written; one that is left after a crash may be deleted. */
export const TEMPORARY_SUFFIX = '.tmp'

/** What is written: all of it, or in chunks that are made while it is written. */
export type FileContent = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<string | Uint8Array>

/**
 * Writes a file atomically, so that a reader sees either the old content or the new: it is written to a temporary file
 * in the same folder, flushed to the disk (fsync) and renamed. Chunks are written one after another, so that a large
 * checkpoint need not be joined in memory. A `SemplesError` of whoever makes them is thrown as it is. Missing parent folders are created.
 *
 * @throws SemplesError `SEMPLES_WRITE_FAILED` naming the file; the temporary file is removed.
 */
export async function writeAtomic(path: string, content: FileContent): Promise<void> {
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}${TEMPORARY_SUFFIX}`,
  )
  try {
    await makeFolders(dirname(path))
    const handle = await open(temporary, 'wx')
    try {
      await writeAll(handle, content)
      await flush(handle)
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw writeFailed(path, error)
  }
}

/** Writes indented JSON with a final newline by `writeAtomic`. */
export async function writeJsonAtomic(path: string, value: unknown): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** Waits until what was written is on the disk. By descriptor: under Yarn's plug'n'play a FileHandle cannot (`sync`). */
export const flush = ({ fd }: FileHandle): Promise<void> => promisify(fsync)(fd)

/** Flushes a folder, so that a rename in it survives a power cut. Windows cannot open folders and does not need this. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await flush(handle)
  } finally {
    await handle.close()
  }
}

/** A failed write as `SEMPLES_WRITE_FAILED`, with a hint for the system's error code. */
export function writeFailed(path: string, cause: unknown): SemplesError {
  if (cause instanceof SemplesError) return cause
  const code = errorCode(cause)
  return new SemplesError('SEMPLES_WRITE_FAILED', {
    message: `Could not write ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    file: path,
    hint: `Nothing was left half-written. ${HINTS[code ?? ''] ?? 'Check the free space and the permissions of the folder.'}`,
    cause,
  })
}

/** The system code of an error (`ENOENT`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

async function writeAll(handle: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) return handle.writeFile(content)
  for await (const chunk of content) await handle.writeFile(chunk)
}
