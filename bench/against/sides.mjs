import { fork } from 'node:child_process'
import { join } from 'node:path'
import { root, StepError } from '../../scripts/steps/process.mjs'

/** One side of the comparison: a checkout with a process of its own, which does one task after the other. */
export class Side {
  #child
  #name
  #waiting

  constructor(checkout, clip) {
    this.#name = checkout
    // Each takes its own addon, and one thread whatever computes.
    const { SEMPLES_ADDON: _, ...own } = process.env
    const threads = { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
    this.#child = fork(join(root, 'bench/against/worker.mjs'), [checkout, clip], {
      cwd: checkout,
      env: { ...own, ...threads },
      execArgv: ['--expose-gc'],
    })
    this.#child.on('message', (answer) => this.#waiting?.(answer))
    this.#child.on('exit', () => this.#waiting?.({ error: 'its process ended' }))
  }

  /** Does a task once: seconds `wall` and `cpu`, and the numbers that came out. */
  async run(task) {
    const answer = await new Promise((resolve) => {
      this.#waiting = resolve
      // An error of sending is followed by the end of the process.
      this.#child.send(task, () => {})
    })
    if (answer.error !== undefined) throw new StepError(`${this.#name}, "${task}": ${answer.error}`)
    return answer
  }

  close() {
    this.#child.kill()
  }
}
