import { PickleMachine, type PickleOptions } from './machine.js'
import { PickledTuple, type PickleValue } from './values.js'

type Operation = (machine: PickleMachine) => void

/** The operations of protocols 0 to 5 by the character that stands for them, in the order of Python's pickletools. */
const BY_CHARACTER: Record<string, Operation> = {
  // Integers
  I: (m) => m.push(integerLine(m, m.cursor.line())),
  J: (m) => m.push(m.cursor.int32()),
  K: (m) => m.push(m.cursor.byte()),
  M: (m) => m.push(m.cursor.uint16()),
  L: (m) => m.push(decimal(m, m.cursor.line().replace(/L$/, ''))),
  '\x8a': (m) => m.push(longInteger(m, m.cursor.byte())),
  '\x8b': (m) => m.push(longInteger(m, m.cursor.uint32())),
  // Texts and bytes. Python 2's strings may be either: one character a byte.
  S: (m) => m.push(quoted(m, m.cursor.line())),
  T: (m) => m.push(m.cursor.latin1(m.cursor.uint32())),
  U: (m) => m.push(m.cursor.latin1(m.cursor.byte())),
  B: (m) => m.push(m.cursor.bytes(m.cursor.uint32())),
  C: (m) => m.push(m.cursor.bytes(m.cursor.byte())),
  '\x8e': (m) => m.push(m.cursor.bytes(m.cursor.uint64())),
  '\x96': (m) => m.push(m.cursor.bytes(m.cursor.uint64())),
  V: (m) => m.push(unescaped(m, m.cursor.line())),
  X: (m) => m.push(m.cursor.text(m.cursor.uint32())),
  '\x8c': (m) => m.push(m.cursor.text(m.cursor.byte())),
  '\x8d': (m) => m.push(m.cursor.text(m.cursor.uint64())),
  // Python's other constants
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  F: (m) => m.push(floatLine(m, m.cursor.line())),
  G: (m) => m.push(m.cursor.float64()),
  // Lists, tuples, dictionaries, sets
  ']': (m) => m.push([]),
  l: (m) => m.push(m.popMark()),
  a: (m) => m.append([m.pop()]),
  e: (m) => m.append(m.popMark()),
  ')': (m) => m.push(new PickledTuple([])),
  t: (m) => m.push(new PickledTuple(m.popMark())),
  '\x85': (m) => pushTuple(m, 1),
  '\x86': (m) => pushTuple(m, 2),
  '\x87': (m) => pushTuple(m, 3),
  '}': (m) => m.push(new Map()),
  d: (m) => {
    const items = m.popMark()
    m.push(new Map())
    m.setItems(items)
  },
  s: (m) => {
    const value = m.pop()
    m.setItems([m.pop(), value])
  },
  u: (m) => m.setItems(m.popMark()),
  '\x8f': (m) => m.push(new Set()),
  '\x90': (m) => m.addItems(m.popMark()),
  '\x91': (m) => m.push(new Set(m.popMark())),
  // The stack and the memo
  '(': (m) => m.mark(),
  '0': (m) => m.discard(),
  '1': (m) => void m.popMark(),
  '2': (m) => m.push(m.top()),
  g: (m) => m.recall(index(m)),
  h: (m) => m.recall(m.cursor.byte()),
  j: (m) => m.recall(m.cursor.uint32()),
  p: (m) => m.remember(index(m)),
  q: (m) => m.remember(m.cursor.byte()),
  r: (m) => m.remember(m.cursor.uint32()),
  '\x94': (m) => m.remember(m.memo.size),
  // Names, and what is made by them
  c: (m) => {
    const module = m.cursor.line()
    m.push(m.global(module, m.cursor.line()))
  },
  '\x93': (m) => {
    const name = m.pop()
    m.push(m.global(m.pop(), name))
  },
  R: (m) => call(m),
  '\x81': (m) => call(m),
  '\x92': (m) => {
    const named = m.pop()
    if (!(named instanceof Map)) throw m.refused('a call with named arguments')
    call(m, named)
  },
  i: (m) => {
    const module = m.cursor.line()
    const callable = m.global(module, m.cursor.line())
    m.push(m.construct(callable, new PickledTuple(m.popMark())))
  },
  o: (m) => {
    const [callable = null, ...args] = m.popMark()
    m.push(m.construct(callable, new PickledTuple(args)))
  },
  b: (m) => m.build(m.pop()),
  P: (m) => m.persistent(m.cursor.line()),
  Q: (m) => m.persistent(m.pop()),
  '\x82': (m) => refuseExtension(m),
  '\x83': (m) => refuseExtension(m),
  '\x84': (m) => refuseExtension(m),
  // Framing and buffers
  '\x80': (m) => {
    const protocol = m.cursor.byte()
    if (protocol > 5) throw m.invalid(`protocol ${protocol} is unknown`)
  },
  '\x95': (m) => {
    const length = m.cursor.uint64()
    if (length > m.cursor.remaining) {
      throw m.invalid(`a frame of ${length} bytes is announced, ${m.cursor.remaining} follow`)
    }
  },
  '\x97': (m) => refuseBuffer(m),
  '\x98': (m) => refuseBuffer(m),
}

/** By opcode. */
const OPERATIONS: readonly (Operation | undefined)[] = Array.from(
  { length: 256 },
  (_, opcode) => BY_CHARACTER[String.fromCharCode(opcode)],
)

const STOP = 0x2e

/**
 * Reads one pickle, protocols 0 to 5, as data: a stack machine whose only names are those of `globalOf`, so that no
 * code of the file or of anything else can run. It does not recurse, and every value takes an operation of the
 * budget, so that no file can overflow the stack, run forever or fill the memory.
 *
 * @returns the value, and where the pickle ends
 * @throws SemplesError `SEMPLES_PICKLE_INVALID`, `SEMPLES_PICKLE_REFUSED`, `SEMPLES_FILE_TOO_LARGE`
 */
export function runPickle(bytes: Uint8Array, options: PickleOptions): { value: PickleValue; end: number } {
  const machine = new PickleMachine(bytes, options)
  const { cursor } = machine
  for (;;) {
    options.budget.spendOperation()
    const opcode = cursor.byte()
    if (opcode === STOP) return { value: machine.pop(), end: cursor.position }
    const operation = OPERATIONS[opcode]
    if (operation === undefined) throw machine.invalid(`byte ${cursor.position - 1} (${opcode}) is no operation`)
    operation(machine)
  }
}

function call(machine: PickleMachine, named?: ReadonlyMap<PickleValue, PickleValue>): void {
  const args = machine.pop()
  machine.push(machine.construct(machine.pop(), args, named))
}

function refuseExtension(machine: PickleMachine): never {
  throw machine.refused('the registry of extensions of a Python process')
}

function refuseBuffer(machine: PickleMachine): never {
  throw machine.refused('a buffer outside of the file')
}

function pushTuple(machine: PickleMachine, length: number): void {
  const items = Array.from({ length }, () => machine.pop())
  machine.push(new PickledTuple(items.reverse()))
}

/** The decimal number of GET and PUT. */
function index(machine: PickleMachine): number {
  const line = machine.cursor.line()
  const value = /^\d{1,9}$/.test(line) ? Number(line) : Number.NaN
  if (Number.isNaN(value)) throw machine.invalid('a place of its memo is no number')
  return value
}

function integerLine(machine: PickleMachine, line: string): PickleValue {
  if (line === '00' || line === '01') return line === '01'
  return decimal(machine, line)
}

function decimal(machine: PickleMachine, line: string): number | bigint {
  if (!/^[+-]?\d{1,80}$/.test(line)) throw machine.invalid('an integer is not written as one of up to 80 digits')
  return exact(line.startsWith('-') ? -BigInt(line.slice(1)) : BigInt(line.replace('+', '')))
}

/** Two's complement, little-endian. */
function longInteger(machine: PickleMachine, length: number): number | bigint {
  if (length > 32) throw machine.invalid(`an integer of ${length} bytes is announced`)
  let value = 0n
  const bytes = machine.cursor.bytes(length)
  for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i]!)
  return exact(BigInt.asIntN(8 * length, value))
}

function exact(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function floatLine(machine: PickleMachine, line: string): number {
  const special: Record<string, number> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }
  const value = Object.hasOwn(special, line) ? special[line] : undefined
  if (value !== undefined) return value
  if (line.length > 80 || !/^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(line) || Number.isNaN(Number(line))) {
    throw machine.invalid('a floating-point number is not written as one')
  }
  return Number(line)
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' }

/** Python 2's `repr` of a string. */
function quoted(machine: PickleMachine, line: string): string {
  const content = /^(['"])(.*)\1$/s.exec(line)?.[2]
  if (content === undefined) throw machine.invalid('a string is not in quotes')
  return content.replace(/\\(?:x([\da-f]{2})|([nrt\\'"]))/gi, (whole, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? whole) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** Python's raw-unicode-escape. */
function unescaped(machine: PickleMachine, line: string): string {
  return line.replace(/\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g, (_, short: string | undefined, long: string) => {
    const code = Number.parseInt(short ?? long, 16)
    if (code > 0x10ffff) throw machine.invalid('a text has a character beyond Unicode')
    return String.fromCodePoint(code)
  })
}
