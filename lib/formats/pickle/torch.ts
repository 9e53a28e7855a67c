import { bytesOf, elementsOf, type NumberType, type NumericArray } from './array.js'
import { pickleInvalid, pickleRefused } from './errors.js'
import { bytesOfValue, shapeOf } from './numpy.js'
import {
  type Construct,
  type PickleCall,
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

const CONSTRUCTORS: Record<string, Construct> = {
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': ({ args, name }) => {
    if (args[0] instanceof TorchTensor) return args[0]
    throw pickleInvalid(name, 'a torch parameter has no tensor')
  },
  'torch.storage._load_from_bytes': (call) => call.loadStorage(bytesOfValue(call.args[0] ?? null, call)),
}

/** What torch's tensors are made with. The device that a tensor was on does not matter. */
export const TORCH_GLOBALS: readonly PickledGlobal[] = [
  ...Object.entries(CONSTRUCTORS).map(([path, construct]) => new PickledGlobal(path, construct)),
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

/** ("storage", class, key, device, elements): what stands for a storage in torch's own files. */
export function storageOf(id: PickleValue, name: string): { key: string; storage: TorchStorage } {
  const [kind, type, key, , count, view] = id instanceof PickledTuple ? id.items : []
  if (kind !== 'storage' || !(type instanceof PickledGlobal) || type.storage === undefined) {
    throw pickleRefused(name, 'a torch storage of an unknown kind')
  }
  if (typeof key !== 'string' || typeof count !== 'number' || Number.isNaN(elementsOf([count]))) {
    throw pickleInvalid(name, 'a torch storage has no key and size')
  }
  if (view !== undefined && view !== null) throw pickleRefused(name, 'a torch storage that is a view of another')
  return { key, storage: new TorchStorage(type.storage, count) }
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
  const elements = elementsOf(shape)
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, offset)
  if (elements > 0 && (elements > stored || !(last < stored))) {
    throw pickleInvalid(name, `a torch tensor of ${elements} numbers has a storage of ${stored}`)
  }
  return { type, littleEndian, bytes, shape, strides, offset }
}
