import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { SemplesError } from '../base/error.js'
import { zipReader } from './zipReader.js'

/** Deflate packs no further; an archive that announces more is damaged. */
const MAX_RATIO = 1032

/** The files of a zip archive by path, in their order; each is unpacked when it is asked for. */
export class ZipArchive {
  private constructor(
    private readonly name: string,
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
    /** Bytes of all files together once they are unpacked. */
    readonly unpackedBytes: number,
  ) {}

  /**
   * @param source a path, or the bytes of the archive
   * @param name what errors call the archive
   * @param maxBytes what its files may hold together once they are unpacked; default what deflate can pack
   * @throws SemplesError `SEMPLES_NPY_INVALID`
   */
  static async open(
    source: string | Uint8Array,
    name: string,
    maxBytes = Number.POSITIVE_INFINITY,
  ): Promise<ZipArchive> {
    try {
      // yauzl refuses directories that leave the archive, and entries that are not of their announced size.
      const options = { lazyEntries: true, autoClose: false }
      const { fromBufferPromise } = await import('yauzl')
      const zip = await (typeof source === 'string'
        ? openFile(source, options)
        : fromBufferPromise(Buffer.from(source.buffer, source.byteOffset, source.byteLength), options))
      const limit = Math.min(maxBytes, MAX_RATIO * zip.fileSize)
      const entries = new Map<string, Entry>()
      let announced = 0
      try {
        for await (const entry of zip.eachEntry()) {
          announced += entry.uncompressedSize
          if (announced > limit) throw new Error(`it unpacks to more than ${limit} bytes`)
          entries.set(entry.fileName, entry)
        }
      } catch (cause) {
        zip.close()
        throw cause
      }
      return new ZipArchive(name, zip, entries, announced)
    } catch (cause) {
      throw npzInvalid(name, cause instanceof Error ? cause.message : 'it is damaged', cause)
    }
  }

  /** Bytes of the archive itself. */
  get bytes(): number {
    return this.zip.fileSize
  }

  /** Paths of the files. */
  get paths(): string[] {
    return [...this.entries.keys()]
  }

  /** Bytes of a file once it is unpacked; undefined where there is none of that path. */
  sizeOf(path: string): number | undefined {
    return this.entries.get(path)?.uncompressedSize
  }

  /**
   * The content of a file, in memory of its own.
   * @throws SemplesError `SEMPLES_NPY_INVALID`
   */
  async read(path: string): Promise<Uint8Array> {
    const entry = this.entries.get(path)
    if (entry === undefined) throw npzInvalid(this.name, `it has no file ${path}`)
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of await this.zip.openReadStreamPromise(entry)) chunks.push(chunk as Uint8Array)
      const whole = Buffer.concat(chunks)
      // torch writes 0 where it was told not to compute checksums.
      if (entry.crc32 !== 0 && crc32(whole) !== entry.crc32) throw new Error(`${path} does not have its checksum`)
      return new Uint8Array(whole.buffer, whole.byteOffset, whole.length)
    } catch (cause) {
      throw npzInvalid(this.name, cause instanceof Error ? cause.message : 'it is damaged', cause)
    }
  }

  close(): void {
    this.zip.close()
  }
}

async function openFile(path: string, options: { lazyEntries: boolean; autoClose: boolean }): Promise<ZipFile> {
  const { fromRandomAccessReaderPromise } = await import('yauzl')
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    return await fromRandomAccessReaderPromise(await zipReader(handle, size), size, { ...options, lazyEntries: true })
  } catch (cause) {
    await handle.close()
    throw cause
  }
}

export function npzInvalid(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_NPY_INVALID', {
    message: `${file} is not a readable .npz archive: ${why}.`,
    file,
    hint: 'Write it again with numpy.savez.',
    cause,
  })
}
