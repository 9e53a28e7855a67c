import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { mapOrdered } from '../../lib/base/mapOrdered.js'

const steps = (count: number): number[] => Array.from({ length: count }, (_, step) => step)

/** Steps that note when they begin and end. */
class Work {
  begun: number[] = []
  active = 0
  aborted = 0
  failing = -1

  make = async (step: number, _: number, signal: AbortSignal): Promise<number> => {
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

describe('results in order', () => {
  test('keeps a bounded number of steps ahead of a slow consumer, in order', async () => {
    const work = new Work()
    const seen: number[] = []
    for await (const step of mapOrdered(steps(10), work.make, 4)) {
      seen.push(step)
      await delay(20)
      expect(work.begun).toHaveLength(Math.min(10, step + 1 + 3))
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('begins nothing before it is asked', async () => {
    const work = new Work()
    mapOrdered(steps(5), work.make, 4)
    await delay(10)
    expect(work.begun).toEqual([])
  })

  test('leaving by break or by an error stops the work and waits for what was begun', async () => {
    for (const leave of ['break', 'throw']) {
      const work = new Work()
      const reading = async (): Promise<void> => {
        for await (const step of mapOrdered(steps(100), work.make, 5)) {
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
      for await (const step of mapOrdered(steps(10), work.make, 7)) {
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
    await expect(mapOrdered(steps(5), early.make, 3, AbortSignal.abort(reason)).next()).rejects.toBe(reason)
    expect(early.begun).toEqual([])

    const waiting = new Work()
    const controller = new AbortController()
    const results = mapOrdered(steps(50), waiting.make, 3, controller.signal)
    const first = results.next()
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    expect(waiting.active).toBe(0)
    expect(waiting.aborted).toBeGreaterThan(0)
    expect(await results.next()).toEqual({ done: true, value: undefined })

    const between = new AbortController()
    const more = mapOrdered(steps(50), new Work().make, 3, between.signal)
    await more.next()
    between.abort(reason)
    await expect(more.next()).rejects.toBe(reason)
  })

  test('a result is given out while the next item is still awaited', async () => {
    let goOn: () => void = () => undefined
    const seen = new Promise<void>((resolve) => {
      goOn = resolve
    })
    async function* items(): AsyncGenerator<number> {
      yield 0
      // The second item comes only when the first result has been seen.
      await seen
      yield 1
    }
    const results: number[] = []
    for await (const step of mapOrdered(items(), new Work().make, 3)) {
      results.push(step)
      goOn()
    }
    expect(results).toEqual([0, 1])
  })

  test('results of what came before are told before an error of the items', async () => {
    async function* items(): AsyncGenerator<number> {
      yield 0
      yield 1
      throw new Error('no more items')
    }
    const results: number[] = []
    const reading = async (): Promise<void> => {
      for await (const step of mapOrdered(items(), new Work().make, 4)) results.push(step)
    }
    await expect(reading()).rejects.toThrow('no more items')
    expect(results).toEqual([0, 1])
  })

  test('items that never come hold up neither an abort nor the end', async () => {
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
    const controller = new AbortController()
    const reason = new Error('stopped')
    const first = mapOrdered(never, new Work().make, 2, controller.signal).next()
    setTimeout(() => controller.abort(reason), 5)
    await expect(first).rejects.toBe(reason)
  })

  test('the items are closed when the iteration is left', async () => {
    let closed = false
    function* items(): Generator<number> {
      try {
        for (let step = 0; ; step++) yield step
      } finally {
        closed = true
      }
    }
    for await (const step of mapOrdered(items(), new Work().make, 2)) if (step === 3) break
    expect(closed).toBe(true)
  })
})
