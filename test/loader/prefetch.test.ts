import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { breathe, Turns } from '../../lib/loader/cooperate.js'
import { Limit } from '../../lib/loader/limit.js'
import { prefetched } from '../../lib/loader/prefetch.js'
import { resizeBicubicAsync } from '../../lib/loader/resample.js'
import { noise } from './pictures.js'

/** Steps that note when they begin and end. */
class Work {
  begun: number[] = []
  active = 0
  aborted = 0
  failing = -1

  make = async (step: number, signal: AbortSignal): Promise<number> => {
    this.begun.push(step)
    this.active++
    try {
      await delay(5)
      if (step === this.failing) throw new Error(`step ${step} failed`)
      if (signal.aborted) this.aborted++
      return step
    } finally {
      this.active--
    }
  }
}

describe('prefetching', () => {
  test('keeps a bounded number of steps ahead of a slow consumer, in order', async () => {
    const work = new Work()
    const seen: number[] = []
    for await (const step of prefetched(work.make, 0, 10, 3)) {
      seen.push(step)
      await delay(20)
      expect(work.begun).toHaveLength(Math.min(10, step + 1 + 3))
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('begins nothing before it is asked', async () => {
    const work = new Work()
    prefetched(work.make, 0, 5, 3)
    await delay(10)
    expect(work.begun).toEqual([])
  })

  test('leaving by break or by an error stops the work and waits for what was begun', async () => {
    for (const leave of ['break', 'throw']) {
      const work = new Work()
      const reading = async (): Promise<void> => {
        for await (const step of prefetched(work.make, 0, 100, 4)) {
          if (step < 2) continue
          if (leave === 'break') break
          throw new Error('consumer failed')
        }
      }
      if (leave === 'break') await reading()
      else await expect(reading()).rejects.toThrow('consumer failed')
      expect(work.active).toBe(0)
      const begun = work.begun.length
      expect(begun).toBeLessThanOrEqual(7)
      await delay(20)
      expect(work.begun).toHaveLength(begun)
    }
  })

  test('an error is told at its own step, not earlier', async () => {
    const work = new Work()
    work.failing = 4
    const seen: number[] = []
    const reading = async (): Promise<void> => {
      for await (const step of prefetched(work.make, 0, 10, 6)) {
        seen.push(step)
        await delay(10)
      }
    }
    await expect(reading()).rejects.toThrow('step 4 failed')
    expect(seen).toEqual([0, 1, 2, 3])
    expect(work.active).toBe(0)
  })

  test('a signal rejects with its reason: before, while waiting, between steps', async () => {
    const reason = new Error('stopped')
    const early = new Work()
    await expect(prefetched(early.make, 0, 5, 2, AbortSignal.abort(reason)).next()).rejects.toBe(reason)
    expect(early.begun).toEqual([])

    const waiting = new Work()
    const controller = new AbortController()
    const steps = prefetched(waiting.make, 0, 50, 2, controller.signal)
    const first = steps.next()
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    expect(waiting.active).toBe(0)
    expect(waiting.aborted).toBeGreaterThan(0)
    expect(await steps.next()).toEqual({ done: true, value: undefined })

    const between = new AbortController()
    const more = prefetched(new Work().make, 0, 50, 2, between.signal)
    await more.next()
    between.abort(reason)
    await expect(more.next()).rejects.toBe(reason)
  })
})

describe('limits', () => {
  test('no more than the number run at a time, first come first served', async () => {
    const limit = new Limit(3)
    let active = 0
    let most = 0
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        limit.run(async () => {
          order.push(i)
          most = Math.max(most, ++active)
          await delay(2)
          active--
        }),
      ),
    )
    expect(most).toBe(3)
    expect(order).toEqual(Array.from({ length: 12 }, (_, i) => i))
  })

  test('failures and aborts give their place back', async () => {
    const limit = new Limit(1)
    await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(limit.run(async () => 1, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
    expect(await limit.run(async () => 2)).toBe(2)
  })
})

describe('pixel work', () => {
  test('lets others have a turn all the while', async () => {
    const picture = noise(2400, 1500, 0)
    const turns = new Turns()
    let running = true
    let fired = 0
    let longest = 0
    const watch = (async () => {
      let last = performance.now()
      while (running) {
        await new Promise((resolve) => setImmediate(resolve))
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
        fired++
      }
    })()
    const start = performance.now()
    await Promise.all([1, 2, 3].map(() => resizeBicubicAsync(picture, 1200, 750, { turns })))
    const took = performance.now() - start
    running = false
    await watch
    // Portions are of 5 ms; a machine that others use may be late, so only a whole picture at once would fail.
    expect(fired).toBeGreaterThan(took / 40)
    expect(longest).toBeLessThan(took / 3)
  })

  test('one piece at a time, a failure does not stop the next', async () => {
    const turns = new Turns()
    const log: string[] = []
    function* piece(name: string, fails = false): Generator<undefined, string> {
      for (let i = 0; i < 3; i++) {
        log.push(name)
        yield
      }
      if (fails) throw new Error(name)
      return name
    }
    const results = await Promise.allSettled([
      breathe(piece('a'), { turns }),
      breathe(piece('b', true), { turns }),
      breathe(piece('c'), { turns }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(log.join('')).toBe('aaabbbccc')
  })
})
