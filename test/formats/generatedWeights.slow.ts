import { expect } from '@jest/globals'
import { needs } from '../support/needs.js'
import { readDamaged, readGenerated } from './generatedWeights.js'

const [ROUNDS, COUNT, DAMAGED] = [50, 2000, 300]

needs('python').test(
  `${ROUNDS * COUNT} generated checkpoints: the tensors read are those written`,
  async () => {
    for (let seed = 100; seed < 100 + ROUNDS; seed++) {
      const { read, refused, wrong } = await readGenerated(COUNT, seed)
      expect({ seed, wrong, all: read + refused }).toEqual({ seed, wrong: [], all: COUNT })
    }
  },
  7_200_000,
)

needs('python').test(
  `${6 * ROUNDS * DAMAGED} damaged checkpoints: each is refused, or read`,
  async () => {
    for (let seed = 200; seed < 200 + ROUNDS; seed++) {
      const { read, refused, wrong } = await readDamaged(DAMAGED, seed)
      expect({ seed, wrong, all: read + refused }).toEqual({ seed, wrong: [], all: 6 * DAMAGED })
    }
  },
  7_200_000,
)
