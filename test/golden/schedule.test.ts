import { describe, test } from '@jest/globals'
import { cosineByEpoch } from '../../lib/stages/schedule.js'
import { expectClose } from '../support/close.js'
import { readGoldenJson } from '../support/golden.js'

// Each recipe lists the rate of every epoch; epoch 0 has the base rate.
const recipes = readGoldenJson<Record<string, number[]>>('lr_schedule.json')

describe('learning-rate schedule', () => {
  test.each(Object.entries(recipes))('%s', (name, rates) => {
    const ours = rates.map((_, epoch) => cosineByEpoch(rates[0], epoch, rates.length))
    ours.forEach((rate, epoch) => {
      expectClose(rate, rates[epoch], { name: `${name} epoch ${epoch}`, relMax: 1e-12 })
    })
  })
})
