import type { TensorData } from '../../base/tensor.js'
import { checkTensor } from '../dtypes.js'
import { storageName } from './torch.js'

/**
 * What is written for Python: None, bool, int (a whole number), float, str, list, dict (of an object; fields that are
 * undefined are left out), OrderedDict (of a Map), and torch tensors.
 */
export type TorchValue =
  | null
  | boolean
  | number
  | string
  | TensorData
  | readonly TorchValue[]
  | ReadonlyMap<string, TorchValue>
  | { readonly [name: string]: TorchValue | undefined }

/** The pickle of a value, and the tensors whose numbers it names by their place. */
export interface TorchPickle {
  bytes: Uint8Array
  tensors: TensorData[]
}

const PROTOCOL = Buffer.from([0x80, 2])
const INT32 = 2 ** 31

/**
 * Pickles a value as `torch.save` does, in protocol 2 and with nothing that `torch.load(weights_only=True)` refuses.
 *
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` naming a tensor whose fields contradict each other
 */
export function pickleForTorch(value: TorchValue): TorchPickle {
  const writer = new PickleWriter()
  writer.write(value, 'value')
  return { bytes: Buffer.concat([PROTOCOL, ...writer.parts, Buffer.from('.')]), tensors: writer.tensors }
}

class PickleWriter {
  readonly parts: Uint8Array[] = []
  readonly tensors: TensorData[] = []

  /** @param name what an error calls the value */
  write(value: TorchValue, name: string): void {
    if (value === null) this.opcode('N')
    else if (typeof value === 'boolean') this.opcode(value ? '\x88' : '\x89')
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'string') this.text(value)
    else if (isList(value)) this.list(value, name)
    else if (value instanceof Map) this.ordered(value)
    else if (isTensor(value)) this.tensor(value, name)
    else this.dictionary(Object.entries(value))
  }

  private opcode(latin1: string): void {
    this.parts.push(Buffer.from(latin1, 'latin1'))
  }

  private number(value: number): void {
    // Minus zero is a float to Python.
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const bytes = Buffer.alloc(9, 'G')
      bytes.writeDoubleBE(value, 1)
      this.parts.push(bytes)
    } else if (value >= -INT32 && value < INT32) {
      const bytes = Buffer.alloc(5, 'J')
      bytes.writeInt32LE(value, 1)
      this.parts.push(bytes)
    } else {
      const bytes = Buffer.alloc(10)
      bytes.set([0x8a, 8])
      bytes.writeBigInt64LE(BigInt(value), 2)
      this.parts.push(bytes)
    }
  }

  private text(value: string): void {
    const bytes = Buffer.from(value)
    const start = Buffer.alloc(5, 'X')
    start.writeUInt32LE(bytes.length, 1)
    this.parts.push(start, bytes)
  }

  private list(values: readonly TorchValue[], name: string): void {
    this.opcode('](')
    for (const [index, value] of values.entries()) this.write(value, `${name}[${index}]`)
    this.opcode('e')
  }

  private ordered(entries: ReadonlyMap<string, TorchValue>): void {
    this.opcode('ccollections\nOrderedDict\n)R')
    this.items([...entries])
  }

  private dictionary(entries: [string, TorchValue | undefined][]): void {
    this.opcode('}')
    this.items(entries)
  }

  private items(entries: [string, TorchValue | undefined][]): void {
    this.opcode('(')
    for (const [name, value] of entries) {
      if (value === undefined) continue
      this.text(name)
      this.write(value, name)
    }
    this.opcode('u')
  }

  /** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`, its storage named by its place. */
  private tensor(tensor: TensorData, name: string): void {
    const { type } = checkTensor(name, tensor)
    this.opcode('ctorch._utils\n_rebuild_tensor_v2\n((')
    this.text('storage')
    this.opcode(`ctorch\n${storageName(type)}\n`)
    this.text(String(this.tensors.length))
    this.text('cpu')
    this.number(tensor.data.length)
    this.opcode('tQ')
    this.number(0)
    this.sizes(tensor.shape)
    this.sizes(contiguousStrides(tensor.shape))
    this.opcode('\x89ccollections\nOrderedDict\n)RtR')
    this.tensors.push(tensor)
  }

  private sizes(values: readonly number[]): void {
    this.opcode('(')
    for (const value of values) this.number(value)
    this.opcode('t')
  }
}

function isList(value: TorchValue): value is readonly TorchValue[] {
  return Array.isArray(value)
}

function isTensor(value: object): value is TensorData {
  return 'data' in value && ArrayBuffer.isView(value.data)
}

function contiguousStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1)
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = strides[axis + 1]! * Math.max(1, shape[axis + 1]!)
  return strides
}
