import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { Semaphore } from '../../lib/base/semaphore.js'

describe('limits', () => {
  test('no more than the number run at a time, first come first served', async () => {
    const limit = new Semaphore(3)
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
    const limit = new Semaphore(1)
    await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(limit.run(async () => 1, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
    expect(await limit.run(async () => 2)).toBe(2)
  })
})
