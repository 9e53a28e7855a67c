import { bytesOf, elementCount, type NumberType } from '../dtypes.js'
import type { NumericArray } from '../numericArray.js'
import { bytesOfValue, shapeOf } from './numpy.js'
import { pickleInvalid, pickleRefused } from './refusals.js'
import {
  type Construct,
  type PickleCall,
  PickledArray,
  PickledGlobal,
  PickledTuple,
  type PickleValue,
  TorchStorage,
  TorchTensor,
} from './values.js'

const STORAGES: Record<string, NumberType> = {
  HalfStorage: 'f2',
  BFloat16Storage: 'bf2',
  FloatStorage: 'f4',
  DoubleStorage: 'f8',
  CharStorage: 'i1',
  ShortStorage: 'i2',
  IntStorage: 'i4',
  LongStorage: 'i8',
  ByteStorage: 'u1',
  UntypedStorage: 'u1',
  BoolStorage: 'b1',
}

/** The class of storages of such numbers, in the module torch. */
export function storageName(type: NumberType): string {
  return Object.keys(STORAGES).find((name) => STORAGES[name] === type)!
}

const CONSTRUCTORS: Record<string, Construct> = {
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': tensorOfParameter,
  'torch._utils._rebuild_parameter_with_state': tensorOfParameter,
  'torch._tensor._rebuild_from_type_v2': rebuildFromType,
  'torch.storage._load_from_bytes': (call) => call.loadStorage(bytesOfValue(call.args[0] ?? null, call)),
}

/** Names that say of which class or type something is, and are never called. */
const NAMED = [
  'Tensor',
  'nn.parameter.Parameter',
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'int64',
  'int32',
  'bool',
]

/** What torch's tensors are made with. The device that a tensor was on does not matter. */
export const TORCH_GLOBALS: readonly PickledGlobal[] = [
  ...Object.entries(CONSTRUCTORS).map(([path, construct]) => new PickledGlobal(path, construct)),
  ...NAMED.map((name) => new PickledGlobal(`torch.${name}`)),
  ...Object.entries(STORAGES).flatMap(([storage, type]) =>
    ['torch', 'torch.cuda', 'torch.storage'].map(
      (module) => new PickledGlobal(`${module}.${storage}`, undefined, type),
    ),
  ),
]

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)`; the first four alone once. */
function rebuildTensor({ args, name }: PickleCall): TorchTensor {
  const [storage, offset, size, stride, , , metadata] = args
  if (!(storage instanceof TorchStorage)) throw pickleInvalid(name, 'a torch tensor has no storage')
  // Conjugated and negated views: what their bytes mean is said here.
  if (metadata instanceof Map && metadata.size > 0) throw pickleRefused(name, 'a torch tensor that is a lazy view')
  const shape = shapeOf(size, name)
  const strides = shapeOf(stride, name)
  const start = shapeOf(new PickledTuple([offset ?? null]), name)[0]!
  if (shape.length !== strides.length) throw pickleInvalid(name, 'a torch tensor has not one stride a size')
  return new TorchTensor(storage, start, shape, strides)
}

function tensorOfParameter({ args, name }: PickleCall): TorchTensor {
  if (args[0] instanceof TorchTensor) return args[0]
  throw pickleInvalid(name, 'a torch parameter has no tensor')
}

/** `_rebuild_from_type_v2(function, class, arguments, attributes)`: a tensor with attributes, which are left out. */
function rebuildFromType(call: PickleCall): PickleValue {
  const [make, , args] = call.args
  const construct = make instanceof PickledGlobal ? make.construct : undefined
  if ((construct !== rebuildTensor && construct !== tensorOfParameter) || !(args instanceof PickledTuple)) {
    throw pickleInvalid(call.name, 'a torch tensor with attributes is not made of a tensor')
  }
  return construct({ ...call, args: args.items })
}

/** ("storage", class, key, device, elements): what stands for a storage in torch's own files. */
export function storageOf(id: PickleValue, name: string): { key: string; storage: TorchStorage } {
  const [kind, type, key, , count, view] = id instanceof PickledTuple ? id.items : []
  if (kind !== 'storage' || !(type instanceof PickledGlobal) || type.storage === undefined) {
    throw pickleRefused(name, 'a torch storage of an unknown kind')
  }
  if (typeof key !== 'string' || typeof count !== 'number' || Number.isNaN(elementCount([count]))) {
    throw pickleInvalid(name, 'a torch storage has no key and size')
  }
  if (view !== undefined && view !== null) throw pickleRefused(name, 'a torch storage that is a view of another')
  return { key, storage: new TorchStorage(type.storage, count) }
}

/**
 * The numbers of an array or tensor; undefined for everything else.
 *
 * @throws SemplesError as `numbersOfTensor`
 */
export function numbersOfValue(value: PickleValue | undefined, name: string): NumericArray | undefined {
  if (value instanceof PickledArray) return value.numbers
  return value instanceof TorchTensor ? numbersOfTensor(value, name) : undefined
}

/**
 * The numbers of a tensor whose storage has been read.
 *
 * @throws SemplesError `SEMPLES_PICKLE_INVALID` where it reaches beyond its storage, or repeats its numbers to more
 *   than the storage has
 */
export function numbersOfTensor({ storage, offset, shape, strides }: TorchTensor, name: string): NumericArray {
  const { type, bytes, littleEndian } = storage
  if (bytes === undefined) throw pickleInvalid(name, 'a torch tensor has no numbers')
  const stored = bytes.length / bytesOf(type)
  const elements = elementCount(shape)
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, offset)
  if (elements > 0 && (elements > stored || !(last < stored))) {
    throw pickleInvalid(name, `a torch tensor of ${elements} numbers has a storage of ${stored}`)
  }
  return { type, littleEndian, bytes, shape, strides, offset }
}
