import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { Mutex, runInSlices } from '../../lib/base/cooperative.js'
import { resizeBicubicAsync } from '../../lib/pictures/resample.js'
import { noise } from '../loader/pictures.js'

describe('pixel work', () => {
  afterEach(() => {
    jest.restoreAllMocks()
  })

  /** Runs `work`, and calls the function that it is given with the number of turns that the event loop has made. */
  async function countingTurns(work: (turn: () => number) => Promise<unknown>): Promise<number> {
    let made = 0
    let timer = setImmediate(function count() {
      made++
      timer = setImmediate(count)
    })
    await work(() => made)
    clearImmediate(timer)
    return made
  }

  test('holds the event loop for 5 ms at a time', async () => {
    let now = 0
    jest.spyOn(performance, 'now').mockImplementation(() => now)
    const mutex = new Mutex()
    const seen: number[][] = []
    await countingTurns((turn) => {
      function* piece(): Generator<undefined, void> {
        const own: number[] = []
        seen.push(own)
        for (let step = 0; step < 30; step++) {
          own.push(turn())
          now += 2
          yield
        }
      }
      return Promise.all([1, 2, 3].map(() => runInSlices(piece(), { mutex })))
    })
    // Three steps of 2 ms make a portion, also of the next piece; each has a turn of its own.
    const portions = new Map<number, number>()
    for (const turn of seen.flat()) portions.set(turn, (portions.get(turn) ?? 0) + 1)
    expect([...portions.values()]).toEqual(Array(30).fill(3))
  })

  test('of a large picture is cut into many steps', async () => {
    // A clock by which every step is a portion.
    let now = 0
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 6))
    const picture = noise(2400, 1500, 0)
    const made = await countingTurns(() => resizeBicubicAsync(picture, 1200, 750, { mutex: new Mutex() }))
    expect(made).toBeGreaterThan(50)
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
