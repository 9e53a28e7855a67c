import { bytesOfValue, NUMPY_GLOBALS } from './numpy.js'
import { placeholderOf } from './placeholders.js'
import { pickleInvalid } from './refusals.js'
import { TORCH_GLOBALS } from './torch.js'
import {
  type Construct,
  type PickleCall,
  PickledGlobal,
  PickledObject,
  PickledTuple,
  type PickleValue,
} from './values.js'

const NOTHING = [
  'argparse.Namespace',
  'torch.device',
  ...['date', 'datetime', 'time', 'timedelta', 'timezone'].map((name) => `datetime.${name}`),
  ...['PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'].flatMap((name) => [
    `pathlib.${name}`,
    `pathlib._local.${name}`,
  ]),
]

const PYTHON: Record<string, Construct> = {
  'collections.OrderedDict': makeDictionary,
  '_codecs.encode': encode,
  // What protocols without an operation for them call by name; Python 2's module has another one.
  ...builtin('bytes', makeBytes),
  ...builtin('bytearray', makeBytes),
  ...builtin('set', makeSet),
  ...builtin('frozenset', makeSet),
  // What lies beside weights or maps (dates, paths): nothing of it is wanted.
  ...Object.fromEntries(
    NOTHING.map((path): [string, Construct] => [path, ({ args }) => new PickledObject(path, args)]),
  ),
  'torch.Size': ({ args }) => args[0] ?? null,
  'collections.defaultdict': () => new Map(),
  'collections.Counter': ({ args }) => args[0] ?? new Map(),
}

const GLOBALS: ReadonlyMap<string, PickledGlobal> = new Map(
  [
    ...Object.entries(PYTHON).map(([path, construct]) => new PickledGlobal(path, construct)),
    // Factories of a defaultdict.
    ...['dict', 'list', 'int', 'float'].flatMap((name) =>
      ['builtins', '__builtin__'].map((module) => new PickledGlobal(`${module}.${name}`)),
    ),
    ...NUMPY_GLOBALS,
    ...TORCH_GLOBALS,
  ].map((entry) => [entry.path, entry]),
)

/**
 * The Python name that a pickle may use, or undefined. Nothing is looked up anywhere else: this table is all there
 * is, and what it holds can only make the values of `values.ts`. With `placeholders` so can all other names that are
 * not denied.
 */
export function globalOf(module: string, name: string, placeholders: boolean): PickledGlobal | undefined {
  return GLOBALS.get(`${module}.${name}`) ?? (placeholders ? placeholderOf(module, name) : undefined)
}

function builtin(name: string, construct: Construct): Record<string, Construct> {
  return { [`builtins.${name}`]: construct, [`__builtin__.${name}`]: construct }
}

/** `OrderedDict()`, or of pairs as Python 2 writes it. */
function makeDictionary(call: PickleCall): Map<PickleValue, PickleValue> {
  return new Map(
    listOf(call).map((pair) => {
      const [key, value] = pair instanceof PickledTuple ? pair.items : Array.isArray(pair) ? pair : []
      if (key === undefined || value === undefined) throw pickleInvalid(call.name, 'a dictionary is not made of pairs')
      return [key, value]
    }),
  )
}

function makeSet(call: PickleCall): Set<PickleValue> {
  return new Set(listOf(call))
}

/** The list that a call makes its result of; none is an empty one. */
function listOf({ args, name, spendBytes }: PickleCall): PickleValue[] {
  const list = args[0] ?? []
  if (!Array.isArray(list)) throw pickleInvalid(name, 'a dictionary or a set is not made of a list')
  // The same list may be asked for again and again; an entry of a table takes some 64 bytes.
  spendBytes(64 * list.length)
  return list
}

/** `encode(text, 'latin1')`: how protocols 0 to 2 write bytes. */
function encode(call: PickleCall): Uint8Array {
  const [text, encoding] = call.args
  if (typeof text !== 'string' || (encoding !== 'latin1' && encoding !== 'latin-1')) {
    throw pickleInvalid(call.name, 'only texts are encoded, and as latin1')
  }
  return bytesOfValue(text, call)
}

/** `bytes()`, `bytearray(bytes)`, `bytearray(text, 'latin-1')`. */
function makeBytes(call: PickleCall): Uint8Array {
  return bytesOfValue(call.args[0] ?? new Uint8Array(0), call)
}
