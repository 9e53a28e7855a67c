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

  test('a task that takes more waits for it, and those behind it keep their order; what it gives back is free', async () => {
    const limit = new Semaphore(3)
    const order: string[] = []
    let end = (): void => undefined
    const first = limit.run(
      async (giveBack) => {
        order.push('first')
        await delay(2)
        giveBack(2)
        order.push('given')
        await new Promise<void>((resolve) => {
          end = resolve
        })
      },
      undefined,
      3,
    )
    const named = (name: string) => async () => void order.push(name)
    const rest = [limit.run(named('two'), undefined, 2), limit.run(named('one'))]
    await Promise.all(rest)
    expect(order).toEqual(['first', 'given', 'two', 'one'])
    const all = limit.run(named('three'), undefined, 3)
    await delay(2)
    expect(order).toHaveLength(4)
    end()
    await Promise.all([first, all])
    expect(order.at(-1)).toBe('three')
  })

  test('failures and aborts give their place back', async () => {
    const limit = new Semaphore(1)
    await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(limit.run(async () => 1, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
    expect(await limit.run(async () => 2)).toBe(2)
  })
})
