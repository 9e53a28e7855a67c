import { PickleMachine, type PickleOptions } from './machine.js'
import { OPERATIONS } from './operations.js'
import type { PickleValue } from './values.js'

const STOP = 0x2e

/**
 * Reads one pickle, protocols 0 to 5, as data: a stack machine whose only names are those of `globalOf`, so that no
 * code of the file or of anything else can run. It does not recurse, and every value takes an operation of the
 * budget, so that no file can overflow the stack, run forever or fill the memory.
 *
 * @returns the value, and where the pickle ends
 * @throws SemplesError `SEMPLES_PICKLE_INVALID`, `SEMPLES_PICKLE_REFUSED`, `SEMPLES_PICKLE_TOO_LARGE`
 */
export function runPickle(bytes: Uint8Array, options: PickleOptions): { value: PickleValue; end: number } {
  const machine = new PickleMachine(bytes, options)
  const { cursor } = machine
  for (;;) {
    options.budget.spendOperation()
    const opcode = cursor.byte()
    if (opcode === STOP) return { value: machine.pop(), end: cursor.position }
    const operation = OPERATIONS[opcode]
    if (operation === undefined) throw machine.invalid(`byte ${cursor.position - 1} (${opcode}) is no operation`)
    operation(machine)
  }
}
