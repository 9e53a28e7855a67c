import { PickleCursor } from './cursor.js'
import { globalOf } from './globals.js'
import { setArrayState, setDtypeState } from './numpy.js'
import { type PickleBudget, pickleInvalid, pickleRefused } from './refusals.js'
import {
  type PickleCall,
  PickledArray,
  PickledDtype,
  PickledGlobal,
  PickledObject,
  PickledTuple,
  type PickleValue,
} from './values.js'

export interface PickleOptions {
  budget: PickleBudget
  /** Where the pickle starts in the bytes; default 0. */
  start?: number
  /** What an id of the file stands for (torch's files); such ids are refused without it. */
  persistent?: (id: PickleValue) => PickleValue
  /** Torch storages within bytes; refused without it. */
  loadStorage?: (bytes: Uint8Array) => PickleValue
}

/** The state of a pickle that is being read; `operations.ts` says what each operation does to it. */
export class PickleMachine {
  readonly cursor: PickleCursor
  readonly memo = new Map<number, PickleValue>()
  readonly #options: PickleOptions
  readonly #stack: PickleValue[] = []
  /** Heights of the stack at each MARK. */
  readonly #marks: number[] = []

  constructor(bytes: Uint8Array, options: PickleOptions) {
    this.cursor = new PickleCursor(bytes, options.budget.name, options.start)
    this.#options = options
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
    const found = globalOf(module, name)
    if (found === undefined) throw this.refused(`${module}.${name}`.slice(0, 200))
    return found
  }

  construct(callable: PickleValue, args: PickleValue): PickleValue {
    if (!(callable instanceof PickledGlobal)) throw this.invalid('it calls what is no Python name')
    if (!(args instanceof PickledTuple)) throw this.invalid(`it calls ${callable.path} without a tuple`)
    if (callable.construct === undefined) throw this.refused(`${callable.path}()`)
    return callable.construct({ ...this.#context(), args: args.items })
  }

  /** Gives the value on top its state. */
  build(state: PickleValue): void {
    const target = this.top()
    if (target instanceof PickledDtype) setDtypeState(target, state, this.cursor.name)
    else if (target instanceof PickledArray) setArrayState(target, state, this.#context())
    // Attributes of a dictionary (torch's `_metadata`) or of an object of which nothing is wanted.
    else if (!(target instanceof Map || target instanceof PickledObject)) throw this.refused('attributes of an object')
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

  #context(): Omit<PickleCall, 'args'> {
    const { budget, loadStorage } = this.#options
    return {
      name: this.cursor.name,
      spendBytes: (count) => budget.spendBytes(count),
      loadStorage:
        loadStorage ??
        (() => {
          throw this.refused('torch.storage._load_from_bytes within a torch storage')
        }),
    }
  }
}
