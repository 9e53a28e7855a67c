const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d]

/** An element of an array or the value of a member: its bytes are `[start, end)`. */
export interface JsonElement {
  /** The key of the top-level object that holds the array, or of the member. */
  key: string
  start: number
  end: number
}

/** The text is not JSON, as far as brackets and quotes tell. `offset` is the byte where that was seen. */
export class JsonSyntaxError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message)
  }
}

/**
 * Finds the elements of all arrays that stand directly in a top-level JSON object, without parsing them.
 * An annotation file of hundreds of megabytes can so be parsed piece by piece, between other work, keeping only
 * what is needed; brackets and quotes are checked here, everything within an element by whoever parses it.
 *
 * @throws JsonSyntaxError
 */
export function* elementsOfArrays(bytes: Uint8Array): Generator<JsonElement> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = skipSpace(buffer, buffer[0] === 0xef ? 3 : 0)
  if (buffer[at] !== OPEN_OBJECT) throw new JsonSyntaxError('the top level is not an object', at)
  at = skipSpace(buffer, at + 1)
  while (buffer[at] !== CLOSE_OBJECT) {
    const { key, value } = readKey(buffer, at)
    at = buffer[value] === OPEN_ARRAY ? yield* elementsOfArray(buffer, key, value) : skipValue(buffer, value)
    at = nextItem(buffer, at, CLOSE_OBJECT)
  }
  const after = skipSpace(buffer, at + 1)
  if (after < buffer.length) throw unexpected(buffer, after)
}

/**
 * Parses some members of the object that starts at byte `start` and skips the others unparsed.
 *
 * @returns the members among `keys` that the object has; `{}` for a value that is no object
 * @throws JsonSyntaxError, SyntaxError for a member that is not JSON
 */
export function parseMembers(bytes: Uint8Array, start: number, keys: readonly string[]): Record<string, unknown> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const members: Record<string, unknown> = {}
  for (const { key, start: value, end } of membersOf(buffer, start)) {
    if (keys.includes(key)) members[key] = JSON.parse(buffer.toString('utf8', value, end))
  }
  return members
}

/**
 * Finds the members of the object that starts at byte `start`: their values are the bytes `[start, end)`.
 * @throws JsonSyntaxError
 */
export function* membersOf(buffer: Buffer, start: number): Generator<JsonElement> {
  if (buffer[start] !== OPEN_OBJECT) return
  let at = skipSpace(buffer, start + 1)
  while (buffer[at] !== CLOSE_OBJECT) {
    const { key, value } = readKey(buffer, at)
    const end = skipValue(buffer, value)
    yield { key, start: value, end }
    at = nextItem(buffer, end, CLOSE_OBJECT)
  }
}

/** The key at byte `at` and where its value starts. */
function readKey(buffer: Buffer, at: number): { key: string; value: number } {
  if (buffer[at] !== QUOTE) throw unexpected(buffer, at)
  const keyEnd = skipString(buffer, at)
  const colon = skipSpace(buffer, keyEnd)
  if (buffer[colon] !== COLON) throw unexpected(buffer, colon)
  const quoted = buffer.toString('utf8', at, keyEnd)
  const key = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
  return { key, value: skipSpace(buffer, colon + 1) }
}

function* elementsOfArray(buffer: Buffer, key: string, open: number): Generator<JsonElement, number> {
  let at = skipSpace(buffer, open + 1)
  while (buffer[at] !== CLOSE_ARRAY) {
    const end = skipValue(buffer, at)
    yield { key, start: at, end }
    at = nextItem(buffer, end, CLOSE_ARRAY)
  }
  return at + 1
}

/** From the end of an item to the start of the next, or to the closing bracket. */
function nextItem(buffer: Buffer, end: number, close: number): number {
  const at = skipSpace(buffer, end)
  if (buffer[at] === close) return at
  if (buffer[at] !== COMMA) throw unexpected(buffer, at)
  const next = skipSpace(buffer, at + 1)
  if (buffer[next] === close) throw unexpected(buffer, next)
  return next
}

function skipSpace(buffer: Buffer, from: number): number {
  let at = from
  while (buffer[at] === 0x20 || buffer[at] === 0x0a || buffer[at] === 0x0d || buffer[at] === 0x09) at++
  return at
}

/** The byte behind the value that starts at `from`. */
function skipValue(buffer: Buffer, from: number): number {
  const first = buffer[from]
  if (first === QUOTE) return skipString(buffer, from)
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(buffer, from)
  let at = from
  while (at < buffer.length && !endsScalar(buffer[at]!)) at++
  if (at === from) throw unexpected(buffer, from)
  return at
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte <= 0x20
}

function skipNested(buffer: Buffer, from: number): number {
  let depth = 0
  for (let at = from; at < buffer.length; at++) {
    const byte = buffer[at]!
    // Numbers and what separates them, the bulk of the file, are all below the brackets.
    if (byte < OPEN_ARRAY && byte !== QUOTE) continue
    if (byte === QUOTE) at = skipString(buffer, at) - 1
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return at + 1
  }
  throw unexpected(buffer, buffer.length)
}

function skipString(buffer: Buffer, open: number): number {
  for (let at = open + 1; ; at++) {
    at = buffer.indexOf(QUOTE, at)
    if (at < 0) throw unexpected(buffer, buffer.length)
    let backslashes = 0
    while (buffer[at - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at + 1
  }
}

function unexpected(buffer: Buffer, at: number): JsonSyntaxError {
  if (at >= buffer.length) return new JsonSyntaxError('the file ends in the middle', buffer.length)
  const character = JSON.stringify(buffer.toString('utf8', at, at + 1))
  return new JsonSyntaxError(`unexpected ${character} at byte ${at}`, at)
}
