import { pickleInvalid } from './pickleErrors.js'
import { bytesOfValue, NUMPY_GLOBALS } from './pickleNumpy.js'
import { TORCH_GLOBALS } from './pickleTorch.js'
import { type Construct, type PickleCall, PickledGlobal, PickledTuple, type PickleValue } from './pickleValues.js'

const PYTHON: Record<string, Construct> = {
  'collections.OrderedDict': makeDictionary,
  '_codecs.encode': encode,
  // How Python 3 writes b'' for Python 2.
  '__builtin__.bytes': emptyBytes,
  'builtins.bytes': emptyBytes,
}

const GLOBALS: ReadonlyMap<string, PickledGlobal> = new Map(
  [
    ...Object.entries(PYTHON).map(([path, construct]) => new PickledGlobal(path, construct)),
    ...NUMPY_GLOBALS,
    ...TORCH_GLOBALS,
  ].map((entry) => [entry.path, entry]),
)

/**
 * The Python name that a pickle may use, or undefined. Nothing is looked up anywhere else: this table is all there
 * is, and what it holds can only make the values of `pickleValues.ts`.
 */
export function globalOf(module: string, name: string): PickledGlobal | undefined {
  return GLOBALS.get(`${module}.${name}`)
}

/** `OrderedDict()`, or of pairs as Python 2 writes it. */
function makeDictionary({ args, name }: PickleCall): Map<PickleValue, PickleValue> {
  const pairs = args[0] ?? []
  if (!Array.isArray(pairs)) throw pickleInvalid(name, 'a dictionary is not made of pairs')
  return new Map(
    pairs.map((pair) => {
      const [key, value] = pair instanceof PickledTuple ? pair.items : Array.isArray(pair) ? pair : []
      if (key === undefined || value === undefined) throw pickleInvalid(name, 'a dictionary is not made of pairs')
      return [key, value]
    }),
  )
}

/** `encode(text, 'latin1')`: how protocols 0 to 2 write bytes. */
function encode(call: PickleCall): Uint8Array {
  const [text, encoding] = call.args
  if (typeof text !== 'string' || (encoding !== 'latin1' && encoding !== 'latin-1')) {
    throw pickleInvalid(call.name, 'only texts are encoded, and as latin1')
  }
  return bytesOfValue(text, call)
}

function emptyBytes({ args, name }: PickleCall): Uint8Array {
  if (args.length > 0) throw pickleInvalid(name, 'only empty bytes are made by name')
  return new Uint8Array(0)
}
