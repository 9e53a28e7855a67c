import { expect } from '@jest/globals'
import { needs } from '../../support/needs.js'
import { readGenerated } from './generated.js'

const [ROUNDS, COUNT] = [25, 2000]

needs('python').test(
  `${ROUNDS * COUNT} generated files of every writer: the numbers read are those written`,
  async () => {
    for (let seed = 0; seed < ROUNDS; seed++) {
      const { read, refused, wrong } = await readGenerated(COUNT, seed)
      expect({ seed, wrong, read, refused }).toEqual({ seed, wrong: [], read: COUNT, refused: {} })
    }
  },
  3_600_000,
)
