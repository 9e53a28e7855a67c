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
  | UnreadTensor

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
  /** Whether what has no numbers that are read gets a placeholder instead of a refusal. */
  placeholders: boolean
}

/** A Python name out of the fixed table. */
export class PickledGlobal {
  constructor(
    /** With its module: `numpy.dtype`. */
    readonly path: string,
    /** Absent for classes that are only named. */
    readonly construct?: Construct,
    /** Of torch's storage classes. */
    readonly storage?: TorchElement,
  ) {}
}

/** A Python name of a program that is not here: it stands for itself, and calling it makes a `PickledObject`. */
export class PickledClass extends PickledGlobal {}

/**
 * An object of which nothing is read (`argparse.Namespace` beside weights): its class, and what the file gave it, as it
 * stands there.
 */
export class PickledObject {
  /** Its attributes, mostly a dictionary. */
  state?: PickleValue
  /** Where the class is a dictionary (`EasyDict`). */
  entries?: Map<PickleValue, PickleValue>
  /** Where the class is a list or a set (`collections.deque`). */
  items?: PickleValue[]

  constructor(
    readonly path: string,
    readonly args: readonly PickleValue[] = [],
  ) {}
}

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

/** What the numbers of a torch storage are. */
export interface TorchElement {
  /** As safetensors calls it, or torch where safetensors does not have it. */
  name: string
  /** Bytes a number. */
  bytes: number
  /** Absent for numbers that are not read (complex, quantized). */
  type?: NumberType
}

/** A torch storage; its bytes may come after the tensors that use it. */
export class TorchStorage {
  bytes?: Uint8Array
  littleEndian = true

  constructor(
    readonly element: TorchElement,
    readonly count: number,
  ) {}
}

export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** Of the storage, but where that is untyped. */
    readonly type: NumberType,
  ) {}
}

/** A tensor whose numbers are not read: complex, quantized, sparse. */
export class UnreadTensor {
  constructor(
    /** What it is instead, for people: `C64`, `quantized QInt8`, `sparse`. */
    readonly type: string,
  ) {}
}
