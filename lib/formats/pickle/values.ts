import type { NumberType } from '../dtypes.js'
import type { NumericArray } from '../numericArray.js'

/**
 * What a pickle may hold here. Python's integers are numbers, or bigints beyond 2^53; NumPy's scalars are plain
 * numbers; dictionaries are Maps (no key of a file becomes a property); lists are arrays.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickledTuple
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickledGlobal
  | PickledDtype
  | PickledArray
  | PickledObject
  | TorchStorage
  | TorchTensor

export class PickledTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** Makes a value of arguments; the only calls that there are. */
export type Construct = (call: PickleCall) => PickleValue

export interface PickleCall {
  args: readonly PickleValue[]
  /** What errors call the file. */
  name: string
  /** Counts bytes that are copied. */
  spendBytes(count: number): void
  /** Torch storages within bytes. */
  loadStorage(bytes: Uint8Array): PickleValue
}

/** A Python name out of the fixed table. */
export class PickledGlobal {
  constructor(
    /** With its module: `numpy.dtype`. */
    readonly path: string,
    /** Absent for classes that are only named. */
    readonly construct?: Construct,
    /** Of torch's storage classes. */
    readonly storage?: NumberType,
  ) {}
}

/** An object of a known class of which nothing is read (`argparse.Namespace` beside weights). */
export class PickledObject {}

/** numpy.dtype. */
export class PickledDtype {
  littleEndian = true

  constructor(
    /** NumPy's kind and bytes: `f4`; `O` for objects. */
    readonly kind: string,
  ) {}
}

/** numpy.ndarray, of numbers or of objects; neither before its state is set. */
export class PickledArray {
  numbers?: NumericArray
  objects?: { shape: readonly number[]; items: readonly PickleValue[] }
}

/** A torch storage; its bytes may come after the tensors that use it. */
export class TorchStorage {
  bytes?: Uint8Array
  littleEndian = true

  constructor(
    readonly type: NumberType,
    readonly count: number,
  ) {}
}

export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}
