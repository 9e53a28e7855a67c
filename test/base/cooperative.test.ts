import { describe, expect, test } from '@jest/globals'
import { Mutex, runInSlices } from '../../lib/base/cooperative.js'
import { resizeBicubicAsync } from '../../lib/pictures/resample.js'
import { noise } from '../loader/pictures.js'

describe('pixel work', () => {
  test('lets others have a turn all the while', async () => {
    const picture = noise(2400, 1500, 0)
    const mutex = new Mutex()
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
    await Promise.all([1, 2, 3].map(() => resizeBicubicAsync(picture, 1200, 750, { mutex })))
    const took = performance.now() - start
    running = false
    await watch
    // Portions are of 5 ms; a machine that others use may be late, so only a whole picture at once would fail.
    expect(fired).toBeGreaterThan(took / 40)
    expect(longest).toBeLessThan(took / 3)
  })

  test('one piece at a time, a failure does not stop the next', async () => {
    const mutex = new Mutex()
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
      runInSlices(piece('a'), { mutex }),
      runInSlices(piece('b', true), { mutex }),
      runInSlices(piece('c'), { mutex }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(log.join('')).toBe('aaabbbccc')
  })
})
