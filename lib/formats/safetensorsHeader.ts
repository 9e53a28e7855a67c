import { SemplesError } from '../base/error.js'
import { bytesByName, dtypeByName, elementCount } from './dtypes.js'
import { repeatedKey } from './jsonKeys.js'

/** The format's own limit: a longer header is somebody else's file. */
export const MAX_HEADER_BYTES = 100_000_000

/** Bytes of the format's types that are not read at all; such a tensor may lie in a file all the same. */
const OTHER_DTYPES: Readonly<Record<string, number>> = {
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  C64: 8,
}

export interface HeaderEntry {
  name: string
  /** undefined for numbers that semples has no arrays for. */
  dtype: ReturnType<typeof dtypeByName>
  /** As the header calls it. */
  type: string
  shape: number[]
  /** First byte in the data section, and one past the last. */
  begin: number
  end: number
}

export interface Header {
  /** Ordered by position in the file. */
  entries: HeaderEntry[]
  metadata: Record<string, string>
}

/**
 * Parses and checks the JSON header of a safetensors file against the number of bytes behind it.
 * The data section must be covered completely and once.
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, file: string): Header {
  const object = parseJson(bytes, file)
  const entries: HeaderEntry[] = []
  let metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(object)) {
    if (name === '__metadata__') metadata = parseMetadata(value, file)
    else entries.push(parseEntry(name, value, file))
  }
  entries.sort((one, other) => one.begin - other.begin || one.end - other.end)
  let position = 0
  for (const { name, begin, end } of entries) {
    if (end > dataBytes) {
      throw cutOff(
        `${file} is cut off: tensor ${name} ends at byte ${end} of the data, and ${dataBytes} bytes are there.`,
        file,
      )
    }
    if (begin < position) throw invalid(`In ${file} tensor ${name} overlaps the one before it.`, file, name)
    if (begin > position) throw invalid(`In ${file} there is a gap before tensor ${name}.`, file, name)
    position = end
  }
  if (position !== dataBytes) {
    throw invalid(`${file} has ${dataBytes - position} bytes behind its last tensor.`, file)
  }
  return { entries, metadata }
}

function parseJson(bytes: Uint8Array, file: string): Record<string, unknown> {
  let value: unknown
  let text = ''
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid(`The header of ${file} is not JSON.`, file, undefined, cause)
  }
  if (!isObject(value) || !text.startsWith('{')) throw invalid(`The header of ${file} is not a JSON object.`, file)
  const repeated = repeatedKey(text)
  if (repeated !== undefined) throw invalid(`The header of ${file} names ${repeated} twice.`, file, repeated)
  return value
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  const fail = (field: string) => invalid(`The metadata of ${file} must be strings.`, file, field)
  if (!isObject(value)) throw fail('__metadata__')
  const strings = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== 'string') throw fail(`__metadata__.${key}`)
    return [key, text]
  })
  return Object.fromEntries(strings)
}

function parseEntry(name: string, value: unknown, file: string): HeaderEntry {
  const fail = (what: string) => invalid(`In ${file} tensor ${name} ${what}.`, file, name)
  if (!isObject(value)) throw fail('is not described by an object')
  const { dtype: dtypeName, shape, data_offsets: offsets } = value
  if (typeof dtypeName !== 'string') throw fail('has no dtype')
  const dtype = dtypeByName(dtypeName)
  if (!isIntegers(shape)) throw fail('has no shape of non-negative integers')
  if (!isIntegers(offsets) || offsets.length !== 2) throw fail('has no data_offsets [begin, end]')
  const [begin = 0, end = 0] = offsets
  const bytes = bytesByName(dtypeName) ?? (Object.hasOwn(OTHER_DTYPES, dtypeName) ? OTHER_DTYPES[dtypeName] : undefined)
  const needed = bytes === undefined ? undefined : elementCount(shape) * bytes
  if (end < begin || (needed !== undefined && end - begin !== needed)) {
    throw fail(
      `has ${end - begin} bytes of data, its shape [${shape.join(', ')}] and dtype ${dtypeName} need ${needed ?? 'more'}`,
    )
  }
  return { name, dtype, type: dtypeName, shape, begin, end }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}

/** The error for a download that broke off. */
export function cutOff(message: string, file: string): SemplesError {
  const hint = 'Copy or download it again, and compare its size with that of the original.'
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', { message, file, expected: 'a safetensors file', hint })
}

function invalid(message: string, file: string, field?: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', { message, file, field, cause })
}
