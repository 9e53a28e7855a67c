import { elementOf, rebuildTensor, storageElement } from './torch.js'
import {
  type Construct,
  type PickleCall,
  PickledGlobal,
  type PickleValue,
  type TorchElement,
  TorchStorage,
  UnreadTensor,
} from './values.js'

/** Storages whose numbers are not read; their size says where the next one begins. */
const STORAGES: readonly [storage: string, name: string, bytes: number][] = [
  ['ComplexFloatStorage', 'C64', 8],
  ['ComplexDoubleStorage', 'C128', 16],
  ['QInt8Storage', 'quantized QInt8', 1],
  ['QUInt8Storage', 'quantized QUInt8', 1],
  ['QInt32Storage', 'quantized QInt32', 4],
  ['QUInt4x2Storage', 'quantized QUInt4x2', 1],
  ['QUInt2x4Storage', 'quantized QUInt2x4', 1],
]

/** Types of torch that have no storage class of their own: the storage is bytes, and the tensor names its type. */
const TYPES: Readonly<Record<string, TorchElement>> = {
  'torch.uint16': elementOf('u2'),
  'torch.uint32': elementOf('u4'),
  'torch.uint64': elementOf('u8'),
  'torch.float8_e4m3fn': { name: 'F8_E4M3', bytes: 1 },
  'torch.float8_e5m2': { name: 'F8_E5M2', bytes: 1 },
  'torch.float8_e8m0fnu': { name: 'F8_E8M0', bytes: 1 },
}

/** Tensors of another layout than rows of numbers, by the function that makes them. */
const LAYOUTS: Readonly<Record<string, string>> = {
  _rebuild_sparse_tensor: 'sparse',
  _rebuild_sparse_csr_tensor: 'sparse',
  _rebuild_nested_tensor: 'nested',
  _rebuild_meta_tensor_no_storage: 'without numbers (device meta)',
  _rebuild_wrapper_subclass: 'of a class of its own',
  _rebuild_device_tensor_from_numpy: 'of another device',
  _rebuild_device_tensor_from_cpu_tensor: 'of another device',
}

const CONSTRUCTORS: Readonly<Record<string, Construct>> = {
  _rebuild_tensor_v3: rebuildTypedTensor,
  _rebuild_qtensor: rebuildQuantized,
  ...Object.fromEntries(Object.entries(LAYOUTS).map(([name, type]) => [name, () => new UnreadTensor(type)])),
}

/** What programs of TorchScript make lists of, which are in the arguments, and nothing else. */
const LISTS = ['intlist', 'doublelist', 'boollist', 'tensorlist'].map((kind) => `torch.jit._pickle.build_${kind}`)

/** What torch makes tensors with that no file of arrays has, and that may lie in a checkpoint. */
export const TORCH_PLACEHOLDERS: readonly PickledGlobal[] = [
  ...Object.entries(CONSTRUCTORS).map(([name, construct]) => new PickledGlobal(`torch._utils.${name}`, construct)),
  ...LISTS.map((path) => new PickledGlobal(path, ({ args: [list] }) => list ?? null)),
  // The first argument again, with the types of its parts.
  new PickledGlobal('torch.jit._pickle.restore_type_tag', ({ args: [value] }) => value ?? null),
  ...Object.keys(TYPES).map((path) => new PickledGlobal(path)),
  ...STORAGES.flatMap(([storage, name, bytes]) =>
    ['torch', 'torch.cuda', 'torch.storage'].map((module) => storageElement(`${module}.${storage}`, { name, bytes })),
  ),
]

/** `_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, metadata)` */
function rebuildTypedTensor(call: PickleCall): PickleValue {
  const [storage, offset, size, stride, grad, hooks, dtype, metadata] = call.args
  const path = dtype instanceof PickledGlobal ? dtype.path : 'of an unknown type'
  const element = Object.hasOwn(TYPES, path) ? TYPES[path] : undefined
  if (element?.type === undefined) return new UnreadTensor(element?.name ?? path)
  const args = [storage, offset, size, stride, grad, hooks, metadata].map((value) => value ?? null)
  return rebuildTensor({ ...call, args }, element.type)
}

function rebuildQuantized({ args: [storage] }: PickleCall): PickleValue {
  return new UnreadTensor(storage instanceof TorchStorage ? storage.element.name : 'quantized')
}
