import { readFileSync } from 'node:fs'
import { expect } from '@jest/globals'

/**
 * Milliseconds that the JavaScript thread has worked, where the system tells; undefined elsewhere. Other processes on a
 * busy machine take time from the clock, not from this.
 */
export function javaScriptTime(): number | undefined {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return undefined
  }
}

/** Milliseconds that all threads of this process have worked. */
export function processTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What became of the event loop while `work` was under way. */
export interface Watch<T> {
  result: T
  /** Turns of a 5 ms timer. */
  ticks: number
  /** Share of the JavaScript thread in the processor time of the process; undefined where the system does not tell. */
  share?: number
}

export async function watchLoop<T>(work: () => Promise<T>): Promise<Watch<T>> {
  let ticks = 0
  const timer = setInterval(() => ticks++, 5)
  const [all, own] = [processTime(), javaScriptTime()]
  try {
    const result = await work()
    if (own === undefined) return { result, ticks }
    return { result, ticks, share: (javaScriptTime()! - own) / (processTime() - all) }
  } finally {
    clearInterval(timer)
  }
}

/**
 * The loop turned while others worked. Work of the JavaScript thread would show in its share of the processor time,
 * waiting for another thread in a timer that never fires; a slow or busy machine shows in neither.
 */
export function expectFreeLoop({ ticks, share }: Watch<unknown>): void {
  expect(ticks).toBeGreaterThanOrEqual(3)
  if (share !== undefined) expect(share).toBeLessThan(1 / 3)
}
