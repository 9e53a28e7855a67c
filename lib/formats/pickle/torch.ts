import { bytesOf, elementCount, layoutOf, type NumberType } from '../dtypes.js'
import type { NumericArray } from '../numericArray.js'
import { bytesOfValue, shapeOf, sizesOf } from './numpy.js'
import { pickleInvalid, pickleRefused } from './refusals.js'
import {
  type Construct,
  type PickleCall,
  PickledArray,
  PickledClass,
  PickledGlobal,
  PickledObject,
  PickledTuple,
  type PickleValue,
  type TorchElement,
  TorchStorage,
  TorchTensor,
  UnreadTensor,
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
  'torch._utils._rebuild_tensor': (call) => rebuildTensor(call),
  'torch._utils._rebuild_tensor_v2': (call) => rebuildTensor(call),
  'torch._utils._rebuild_parameter': tensorOfParameter,
  'torch._utils._rebuild_parameter_with_state': tensorOfParameter,
  'torch._tensor._rebuild_from_type_v2': rebuildFromType,
  'torch._tensor._rebuild_from_type': rebuildFromType,
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
    ['torch', 'torch.cuda', 'torch.storage'].map((module) => storageElement(`${module}.${storage}`, elementOf(type))),
  ),
]

/** A storage class; it is never called. */
export function storageElement(path: string, element: TorchElement): PickledGlobal {
  return new PickledGlobal(path, undefined, element)
}

export function elementOf(type: NumberType): TorchElement {
  const { name, bytes } = layoutOf(type)
  return { name, bytes, type }
}

/**
 * `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)`; the first four alone once.
 *
 * @param type of the numbers, where the storage does not say it
 */
export function rebuildTensor({ args, name, placeholders }: PickleCall, type?: NumberType): PickleValue {
  const [storage, offset, size, stride, , , metadata] = args
  if (!(storage instanceof TorchStorage)) throw pickleInvalid(name, 'a torch tensor has no storage')
  const known = type ?? storage.element.type
  if (known === undefined) return new UnreadTensor(storage.element.name)
  // Conjugated and negated views: what their bytes mean is said here.
  if (metadata instanceof Map && metadata.size > 0) {
    if (placeholders) return new UnreadTensor('a lazy view')
    throw pickleRefused(name, 'a torch tensor that is a lazy view')
  }
  const shape = shapeOf(size, name)
  const strides = sizesOf(stride, name)
  const start = sizesOf(new PickledTuple([offset ?? null]), name)[0]!
  if (shape.length !== strides.length) throw pickleInvalid(name, 'a torch tensor has not one stride a size')
  return new TorchTensor(storage, start, shape, strides, known)
}

/** What is no tensor in a parameter only a checkpoint may have, where it counts as not read. */
function tensorOfParameter({ args: [tensor], name, placeholders }: PickleCall): PickleValue {
  if (tensor instanceof TorchTensor || tensor instanceof UnreadTensor) return tensor
  if (placeholders && tensor instanceof PickledObject) return new UnreadTensor(tensor.path)
  throw pickleInvalid(name, 'a torch parameter has no tensor')
}

/** `_rebuild_from_type_v2(function, class, arguments, attributes)`: a tensor with attributes, which are left out. */
function rebuildFromType(call: PickleCall): PickleValue {
  const [make, , args] = call.args
  if (make instanceof PickledClass) return new UnreadTensor(make.path)
  const tensor =
    make instanceof PickledGlobal && make.path.startsWith('torch._utils._rebuild_') && args instanceof PickledTuple
      ? make.construct?.({ ...call, args: args.items })
      : undefined
  if (tensor instanceof TorchTensor || tensor instanceof UnreadTensor) return tensor
  throw pickleInvalid(call.name, 'a torch tensor with attributes is not made of a tensor')
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
 * @param repeats as for `numbersOfTensor`
 * @throws SemplesError as `numbersOfTensor`
 */
export function numbersOfValue(
  value: PickleValue | undefined,
  name: string,
  repeats = false,
): NumericArray | undefined {
  if (value instanceof PickledArray) return value.numbers
  return value instanceof TorchTensor ? numbersOfTensor(value, name, repeats) : undefined
}

/**
 * The numbers of a tensor whose storage has been read.
 *
 * @param repeats whether a tensor may have more numbers than its storage (`expand`); then the caller bounds them
 * @throws SemplesError `SEMPLES_PICKLE_INVALID` where it reaches beyond its storage, or repeats its numbers to more
 *   than the storage has
 */
function numbersOfTensor(tensor: TorchTensor, name: string, repeats: boolean): NumericArray {
  const { storage, type, offset, shape, strides } = tensor
  const { bytes, littleEndian } = storage
  if (bytes === undefined) throw pickleInvalid(name, 'a torch tensor has no numbers')
  const stored = Math.floor(bytes.length / bytesOf(type))
  const elements = elementCount(shape)
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, offset)
  if (elements > 0 && ((elements > stored && !repeats) || !(last < stored))) {
    throw pickleInvalid(name, `a torch tensor of ${elements} numbers has a storage of ${stored}`)
  }
  return { type, littleEndian, bytes, shape, strides, offset }
}
