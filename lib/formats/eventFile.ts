import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import crc32c from 'crc-32/crc32c.js'
import { writeFailed } from '../base/atomic.js'
import { makeFolders } from '../base/folders.js'

/**
 * One event of TensorBoard (tensorflow/core/util/event.proto): scalars of a step, or a notice to the reader.
 * Fields in proto order, with their numbers.
 */
export interface ScalarEvent {
  /** 1. Seconds since 1970. */
  wallTime: number
  /** 2; 0 is not written. */
  step: number
  /** 3. Only in the first event of a file. */
  fileVersion?: string
  /** 5: Summary.value (1) with tag (1) and simple_value (2). */
  scalars?: Readonly<Record<string, number>>
  /** 7: SessionLog.status (1) START: what other files hold from this step on is void. */
  starts?: boolean
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
const START = 1

/** A file of scalars that TensorBoard reads while it grows: TFRecords of events, appended and never rewritten. */
export class EventFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /**
   * Begins a file in `folder`; files that are there already stay.
   *
   * @param step the first step to come: TensorBoard drops what earlier files say from there on
   * @throws SemplesError `SEMPLES_WRITE_FAILED`
   */
  static async create(folder: string, step: number): Promise<EventFile> {
    const wallTime = Date.now() / 1000
    try {
      await makeFolders(folder)
      // Readers take files in the order of their names.
      const before = (await readdir(folder)).filter((name) => name.includes('tfevents')).length
      const name = `events.out.tfevents.${Math.floor(wallTime)}.semples.${String(before).padStart(4, '0')}`
      const file = new EventFile(join(folder, name), await open(join(folder, name), 'ax'))
      await file.append({ wallTime, step: 0, fileVersion: 'brain.Event:2' })
      await file.append({ wallTime, step, starts: true })
      return file
    } catch (cause) {
      throw writeFailed(folder, cause)
    }
  }

  /** @throws SemplesError `SEMPLES_WRITE_FAILED` */
  async append(event: ScalarEvent): Promise<void> {
    await this.handle.writeFile(record(encodeEvent(event))).catch((cause: unknown) => {
      throw writeFailed(this.path, cause)
    })
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}

/** The protocol buffer of an event. */
export function encodeEvent({ wallTime, step, fileVersion, scalars = {}, starts }: ScalarEvent): Uint8Array {
  const writer = new BinaryWriter().tag(1, FIXED64).double(wallTime)
  if (step !== 0) writer.tag(2, VARINT).int64(step)
  if (fileVersion !== undefined) writer.tag(3, BYTES).string(fileVersion)
  if (Object.keys(scalars).length > 0) {
    writer.tag(5, BYTES).fork()
    for (const [tag, value] of Object.entries(scalars)) {
      writer.tag(1, BYTES).fork().tag(1, BYTES).string(tag).tag(2, FIXED32).float(value).join()
    }
    writer.join()
  }
  if (starts) writer.tag(7, BYTES).fork().tag(1, VARINT).int32(START).join()
  return writer.finish()
}

/** A TFRecord: length, its checksum, the data, its checksum; little-endian. */
export function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length + 4)
  bytes.writeBigUInt64LE(BigInt(data.length), 0)
  bytes.writeUInt32LE(maskedChecksum(bytes.subarray(0, 8)), 8)
  bytes.set(data, 12)
  bytes.writeUInt32LE(maskedChecksum(data), 12 + data.length)
  return bytes
}

/** TFRecords turn and shift checksums, so that one over data that holds checksums stays useful. */
function maskedChecksum(data: Uint8Array): number {
  const checksum = crc32c.buf(data) >>> 0
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0
}
