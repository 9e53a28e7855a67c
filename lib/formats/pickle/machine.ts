import { PickleCursor } from './cursor.js'
import { globalOf } from './globals.js'
import { setArrayState, setDtypeState } from './numpy.js'
import { type PickleBudget, pickleInvalid, pickleRefused } from './refusals.js'
import {
  type PickleCall,
  PickledArray,
  PickledClass,
  PickledDtype,
  PickledGlobal,
  PickledObject,
  PickledTuple,
  type PickleValue,
  TorchTensor,
  UnreadTensor,
} from './values.js'

export interface PickleOptions {
  budget: PickleBudget
  /** Where the pickle starts in the bytes; default 0. */
  start?: number
  /** What an id of the file stands for (torch's files); such ids are refused without it. */
  persistent?: (id: PickleValue) => PickleValue
  /** Torch storages within bytes; refused without it. */
  loadStorage?: (bytes: Uint8Array) => PickleValue
  /** As for `readPickle`. */
  placeholders?: boolean
}

/** The state of a pickle that is being read; `operations.ts` says what each operation does to it. */
export class PickleMachine {
  readonly cursor: PickleCursor
  readonly memo = new Map<number, PickleValue>()
  readonly #options: PickleOptions
  readonly #placeholders: boolean
  readonly #stack: PickleValue[] = []
  /** Heights of the stack at each MARK. */
  readonly #marks: number[] = []

  constructor(bytes: Uint8Array, options: PickleOptions) {
    this.cursor = new PickleCursor(bytes, options.budget.name, options.start)
    this.#options = options
    this.#placeholders = options.placeholders ?? false
  }

  push(value: PickleValue): void {
    this.#stack.push(value)
  }

  pop(): PickleValue {
    const value = this.top()
    this.#stack.pop()
    return value
  }

  top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw this.invalid(`before byte ${this.cursor.position} it takes a value that was never put there`)
    }
    return this.#stack.at(-1)!
  }

  mark(): void {
    this.#marks.push(this.#stack.length)
  }

  /** POP takes a MARK away where nothing lies above it. */
  discard(): void {
    if (this.#stack.length === this.#marks.at(-1)) this.#marks.pop()
    else this.pop()
  }

  /** All values above the last MARK; both are gone. */
  popMark(): PickleValue[] {
    const mark = this.#marks.pop()
    if (mark === undefined) throw this.invalid(`before byte ${this.cursor.position} it ends a list without a start`)
    return this.#stack.splice(mark)
  }

  remember(index: number): void {
    this.memo.set(index, this.top())
  }

  recall(index: number): void {
    const value = this.memo.get(index)
    if (value === undefined) throw this.invalid(`it recalls value ${index}, which was never remembered`)
    this.push(value)
  }

  /** @throws SemplesError `SEMPLES_PICKLE_REFUSED` for every name that is not in the table */
  global(module: PickleValue, name: PickleValue): PickledGlobal {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.invalid('a Python name is no text')
    const found = globalOf(module, name, this.#placeholders)
    if (found === undefined) throw this.refused(`${module}.${name}`.slice(0, 200))
    return found
  }

  /** @param named arguments by name, which only placeholders take */
  construct(callable: PickleValue, args: PickleValue, named?: ReadonlyMap<PickleValue, PickleValue>): PickleValue {
    // What a placeholder returns is called in turn.
    const inert = this.#placeholders && (callable instanceof PickledClass || callable instanceof PickledObject)
    if (!(callable instanceof PickledGlobal || inert)) throw this.invalid('it calls what is no Python name')
    const { path, construct } = callable as PickledGlobal
    if (!(args instanceof PickledTuple)) throw this.invalid(`it calls ${path} without a tuple`)
    if (named !== undefined && named.size > 0 && !inert) throw this.refused('a call with named arguments')
    if (construct !== undefined) return construct({ ...this.#context(), args: args.items })
    if (this.#placeholders) return new PickledObject(path, args.items)
    throw this.refused(`${path}()`)
  }

  /** Gives the value on top its state. */
  build(state: PickleValue): void {
    const target = this.top()
    if (target instanceof PickledDtype) setDtypeState(target, state, this.cursor.name)
    else if (target instanceof PickledArray) setArrayState(target, state, this.#context())
    else if (target instanceof PickledObject) target.state = state
    // Attributes of a dictionary (torch's `_metadata`), or of a tensor.
    else if (!(target instanceof Map || (this.#placeholders && isTensor(target)))) {
      throw this.refused('attributes of an object')
    }
  }

  /** Adds to the list on top. */
  append(added: readonly PickleValue[]): void {
    const list = this.#itemsOf(this.top())
    if (!Array.isArray(list)) throw this.invalid('it appends to what is no list')
    for (const item of added) list.push(item)
  }

  /** Adds keys and values in turn to the dictionary on top. */
  setItems(added: readonly PickleValue[]): void {
    const target = this.top()
    if (this.#isPlaceholder(target)) target.entries ??= new Map()
    const dictionary = this.#isPlaceholder(target) ? target.entries : target
    if (!(dictionary instanceof Map)) throw this.invalid('it sets items of what is no dictionary')
    if (added.length % 2 !== 0) throw this.invalid('a key of a dictionary has no value')
    for (let i = 0; i < added.length; i += 2) dictionary.set(added[i]!, added[i + 1]!)
  }

  /** Adds to the set on top. */
  addItems(added: readonly PickleValue[]): void {
    const set = this.#itemsOf(this.top())
    if (Array.isArray(set) && this.top() !== set) for (const item of added) set.push(item)
    else if (set instanceof Set) for (const item of added) set.add(item)
    else throw this.invalid('it adds to what is no set')
  }

  persistent(id: PickleValue): void {
    if (this.#options.persistent === undefined) throw this.refused('an object outside of the file (a persistent id)')
    this.push(this.#options.persistent(id))
  }

  invalid(why: string): Error {
    return pickleInvalid(this.cursor.name, why)
  }

  refused(what: string): Error {
    return pickleRefused(this.cursor.name, what)
  }

  /** The list of a placeholder whose class is one (`collections.deque`). */
  #itemsOf(target: PickleValue): PickleValue {
    if (!this.#isPlaceholder(target)) return target
    target.items ??= []
    return target.items
  }

  #isPlaceholder(value: PickleValue): value is PickledObject {
    return this.#placeholders && value instanceof PickledObject
  }

  #context(): Omit<PickleCall, 'args'> {
    const { budget, loadStorage } = this.#options
    return {
      name: this.cursor.name,
      placeholders: this.#placeholders,
      spendBytes: (count) => budget.spendBytes(count),
      loadStorage:
        loadStorage ??
        (() => {
          throw this.refused('torch.storage._load_from_bytes within a torch storage')
        }),
    }
  }
}

function isTensor(value: PickleValue): boolean {
  return value instanceof TorchTensor || value instanceof UnreadTensor
}
