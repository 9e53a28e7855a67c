import { expect } from '@jest/globals'
import { needs } from '../../support/needs.js'
import { readGenerated } from './generated.js'

const COUNT = 1200

needs('python').test(
  `${COUNT} generated files of every writer, type, order and protocol: the numbers read are those written`,
  async () => {
    const { read, refused, wrong } = await readGenerated(COUNT, 20)
    expect(wrong).toEqual([])
    // All of these are forms that are documented: none has to be refused.
    expect({ read, refused }).toEqual({ read: COUNT, refused: {} })
  },
  120_000,
)
