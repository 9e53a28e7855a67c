import { describe, expect, test } from '@jest/globals'
import type { TensorMap } from '../../lib/base/tensor.js'
import { expectOptimizedParameters } from '../support/close.js'
import { type GoldenFile, goldenMatches, readGolden } from '../support/golden.js'
import { toNumbers } from '../support/numbers.js'

// The reference's own gradients, put through a second AdamW, must meet the rule by which optimised
// parameters are compared, and parameters that were not updated must not: the rule is neither too strict nor empty.
describe.each(goldenMatches(/^stage_(.)_(.+)\.safetensors$/))(
  'rule for optimised parameters: stage %s %s',
  (stage, kind) => {
    test('a second AdamW passes, an untouched parameter fails', async () => {
      const golden = await readGolden(`stage_${stage}_${kind}`)
      const initial = await initialParameters(stage, kind, golden)
      const steps = Object.keys(golden.tensors).filter((name) => /^step\d+\.lr$/.test(name)).length
      const lrs = Array.from({ length: steps }, (_, step) => golden.scalar(`step${step + 1}.lr`))
      const names = Object.keys(golden.under('step1.grad.'))
      expect(names.length).toBeGreaterThan(0)
      let untouchedFailures = 0
      for (const name of names) {
        const start = toNumbers(initial[name])
        const gradients = lrs.map((_, step) => golden.numbers(`step${step + 1}.grad.${name}`))
        for (const done of [1, steps]) {
          const expected = golden.tensor(`step${done}.param.${name}`)
          const ours = adamW(start, gradients.slice(0, done), lrs, golden)
          const rule = { name: `step${done} ${name}`, gradient: gradients[0], lr: Math.max(...lrs), steps: done }
          expectOptimizedParameters(ours, expected, rule)
          if (done === steps && throws(() => expectOptimizedParameters(start, expected, rule))) untouchedFailures++
        }
      }
      expect(untouchedFailures).toBeGreaterThan(0)
    })
  },
)

async function initialParameters(stage: string, kind: string, golden: GoldenFile): Promise<TensorMap> {
  if (stage === 'b') return { prompts: (await readGolden(`stages_${kind}_inputs`)).tensor('prompts_init') }
  const [weights] = golden.meta<string>('generator_weights').split(' ')
  return (await readGolden(weights)).under('w.')
}

/**
 * AdamW as its paper writes it, with the decay decoupled and first; one gradient a step. The decay factor
 * and the parameter are rounded to float32, because three steps of that rounding are more than the rule allows.
 */
function adamW(initial: Float64Array, gradients: Float64Array[], lrs: number[], golden: GoldenFile): Float64Array {
  const [beta1, beta2] = golden.meta<[number, number]>('betas')
  const eps = golden.meta<number>('eps')
  const decay = golden.meta<number>('weight_decay')
  const first = new Float64Array(initial.length)
  const second = new Float64Array(initial.length)
  const value = Float64Array.from(initial)
  gradients.forEach((gradient, done) => {
    const lr = lrs[done]
    for (let i = 0; i < value.length; i++) {
      first[i] = beta1 * first[i] + (1 - beta1) * gradient[i]
      second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] ** 2
      const mean = first[i] / (1 - beta1 ** (done + 1))
      const deviation = Math.sqrt(second[i] / (1 - beta2 ** (done + 1))) + eps
      const decayed = Math.fround(value[i] * Math.fround(1 - lr * decay))
      value[i] = Math.fround(decayed - (lr * mean) / deviation)
    }
  })
  return value
}

function throws(action: () => void): boolean {
  try {
    action()
    return false
  } catch {
    return true
  }
}
