/** Writes pickles for tests: enough of protocol 4 to say what a file could say, malicious or not. */

/** A call of a Python name; the same object is written once and recalled after that. */
export interface Call {
  global: string
  args: readonly unknown[]
}

export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

export function tuple(...items: readonly unknown[]): Tuple {
  return new Tuple(items)
}

/** One pickle, with its STOP. */
export function pickled(value: unknown): Uint8Array {
  return Buffer.concat([Buffer.from([0x80, 4]), body(value, new Map()), Buffer.from('.')])
}

/** Opcodes as they are: numbers are bytes, texts are latin-1. */
export function opcodes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part as string, 'latin1'))),
  )
}

/** The name `module.attribute`, as STACK_GLOBAL. */
export function named(path: string): Uint8Array {
  const dot = path.lastIndexOf('.')
  return opcodes(text(path.slice(0, dot)), text(path.slice(dot + 1)), 0x93)
}

export function text(value: string): Uint8Array {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return opcodes('X', length, bytes)
}

function body(value: unknown, memo: Map<unknown, number>): Uint8Array {
  const write = (item: unknown) => body(item, memo)
  if (value === null) return opcodes('N')
  if (typeof value === 'boolean') return opcodes(value ? 0x88 : 0x89)
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return number(value)
  const known = memo.get(value)
  if (known !== undefined) return opcodes(`g${known}\n`)
  if (value instanceof Uint8Array) return opcodes('C', value.length, value)
  if (value instanceof Tuple) return opcodes('(', ...value.items.map(write), 't')
  if (Array.isArray(value)) return opcodes('](', ...value.map(write), 'e')
  if (value instanceof Map) return opcodes('}(', ...[...value].flat().map(write), 'u')
  const { global, args } = value as Call
  const written = opcodes(named(global), write(new Tuple(args)), 'R')
  memo.set(value, memo.size)
  return opcodes(written, `p${memo.size - 1}\n`)
}

function number(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  if (Number.isInteger(value)) {
    bytes.writeInt32LE(value)
    return opcodes('J', bytes.subarray(0, 4))
  }
  bytes.writeDoubleBE(value)
  return opcodes('G', bytes)
}
