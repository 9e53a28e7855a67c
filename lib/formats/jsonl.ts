import { type FileHandle, open, readFile } from 'node:fs/promises'
import { errorCode, flush, writeAtomic, writeFailed } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'

/** One line of a JSONL file: numbers that are not finite become null. */
export type JsonlRecord = Record<string, unknown>

/**
 * An append-only file of JSON lines that survives a crash: each record is one write, and opening it again drops a line
 * that was cut off. Appends may overlap; they are written in order.
 */
export class JsonlLog {
  private tail: Promise<void> = Promise.resolve()

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private size: number,
  ) {}

  /**
   * Opens a log for appending, creating it where there is none.
   *
   * @param keepWhile what to keep of an older log: records from the start as long as this holds, as in
   * `(record) => record.epoch <= lastEpoch` when a run goes on from a checkpoint. Default: every whole record.
   */
  static async open(path: string, keepWhile: (record: JsonlRecord) => boolean = () => true): Promise<JsonlLog> {
    const size = await trim(path, keepWhile)
    const handle = await open(path, 'a').catch((cause: unknown) => {
      throw writeFailed(path, cause)
    })
    return new JsonlLog(path, handle, size)
  }

  /** @throws SemplesError `SEMPLES_WRITE_FAILED`; the file then ends with the record before */
  append(record: JsonlRecord): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(record)}\n`)
    return this.inTurn(async () => {
      try {
        await this.handle.writeFile(line)
        this.size += line.length
      } catch (cause) {
        await this.handle.truncate(this.size).catch(() => undefined)
        throw writeFailed(this.path, cause)
      }
    })
  }

  /** Waits until every record is on the disk. */
  flush(): Promise<void> {
    return this.inTurn(() => flush(this.handle))
  }

  async close(): Promise<void> {
    await this.flush()
    await this.handle.close()
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.tail.then(work)
    // A failed record is its caller's business; the ones after it are tried again.
    this.tail = done.catch(() => undefined)
    return done
  }
}

/** The whole records of a JSONL file, up to the first line that is none; `[]` where there is no file. */
export async function readJsonl(path: string): Promise<JsonlRecord[]> {
  return (await wholeRecords(path)).map(({ record }) => record)
}

/** Shortens the file to its first records that hold; gives its size in bytes. */
async function trim(path: string, keepWhile: (record: JsonlRecord) => boolean): Promise<number> {
  const records = await wholeRecords(path)
  const firstDropped = records.findIndex(({ record }) => !keepWhile(record))
  const kept = firstDropped < 0 ? records : records.slice(0, firstDropped)
  const bytes = await read(path)
  const size = kept.at(-1)?.end ?? 0
  if (bytes.length > size) await writeAtomic(path, bytes.subarray(0, size))
  return size
}

async function wholeRecords(path: string): Promise<{ record: JsonlRecord; end: number }[]> {
  const bytes = await read(path)
  const records: { record: JsonlRecord; end: number }[] = []
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start)
    const record = newline < 0 ? undefined : parse(bytes.toString('utf8', start, newline))
    if (record === undefined) break
    start = newline + 1
    records.push({ record, end: start })
  }
  return records
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0)
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `Could not read ${path}: ${String(error)}.`,
      file: path,
      cause: error,
    })
  }
}

function parse(line: string): JsonlRecord | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
