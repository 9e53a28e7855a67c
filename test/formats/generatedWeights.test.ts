import { expect } from '@jest/globals'
import { needs } from '../support/needs.js'
import { readDamaged, readGenerated } from './generatedWeights.js'

const COUNT = 2000
const DAMAGED = 150

needs('python').test(
  `${COUNT} generated checkpoints of every writer, protocol, type, wrapper and prefix: the tensors read are those written`,
  async () => {
    const { read, refused, wrong } = await readGenerated(COUNT, 1)
    expect(wrong).toEqual([])
    expect(read + refused).toBe(COUNT)
    // Whole models and attacks: some, and no others.
    expect(refused).toBeGreaterThan(COUNT / 100)
    expect(refused).toBeLessThan(COUNT / 10)
  },
  300_000,
)

needs('python').test(
  `${6 * DAMAGED} checkpoints that are cut off or have other bytes: each is refused, or read`,
  async () => {
    const { read, refused, wrong } = await readDamaged(DAMAGED, 2)
    expect(wrong).toEqual([])
    expect(read + refused).toBe(6 * DAMAGED)
    expect(refused).toBeGreaterThan(2 * DAMAGED - 1)
  },
  300_000,
)
