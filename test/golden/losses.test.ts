import { describe, expect, test } from '@jest/globals'
import { loadAddon } from '../../lib/native/load.js'
import { expectClose } from '../support/close.js'
import { goldenMatches, readGolden } from '../support/golden.js'
import { needsGolden } from '../support/needs.js'

/** Loss weights of the published recipes: METHOD 4. */
const WEIGHTS: Record<string, { a: number; b: number; c: [number, number] }> = {
  voc: { a: 2.4, b: 0.02, c: [2.4, 0.05] },
  coco: { a: 0.75, b: 0.01, c: [0.75, 0.2] },
}

const STAGES: Record<string, (dataset: string) => Record<string, number>> = {
  a: (d) => ({ match: 1, background_text: WEIGHTS[d].a }),
  b: (d) => ({ background_prompt: 1, text_prompt: WEIGHTS[d].b }),
  c: (d) => ({ match: 1, background_text: WEIGHTS[d].c[0], foreground_prompt: WEIGHTS[d].c[1] }),
}

/** Names of the reference parts and similarities of each stage's terms. */
const PARTS: Record<string, Record<string, [part: string, similarity: string]>> = {
  a: { match: ['L_match', 'sim_fg_text'], background_text: ['L_bgtext', 'sim_bg_text'] },
  b: { background_prompt: ['L_match', 'sim_bg_prompt'], text_prompt: ['L_text', 'sim_text_prompt'] },
  c: { foreground_prompt: ['L_fgprompt', 'sim_fg_prompt'] },
}

const GRADIENTS = { foreground: 'fg', background: 'bg', text: 'text', prompt: 'prompt' }

describe('contrastive losses', () => {
  if (goldenMatches(/^(losses)\.safetensors$/).length === 0)
    needsGolden(false).test('losses.safetensors', () => undefined)
  else {
    test('every case: losses, parts, similarities and gradients', async () => {
      const file = await readGolden('losses')
      const cases = [...new Set(Object.keys(file.tensors).flatMap((name) => /^(\w+\.\w+\d+)\./.exec(name)?.[1] ?? []))]
      expect(cases.length).toBeGreaterThan(2)
      for (const key of cases) {
        const features = {
          foreground: file.tensor(`${key}.fg_features`),
          background: file.tensor(`${key}.bg_features`),
          text: file.tensor(`${key}.text_features_per_class`),
          prompt: file.tensor(`${key}.prompt_features_per_class`),
          pairClass: file.tensor(`${key}.pair_class`),
        }
        for (const [stage, terms] of Object.entries(STAGES)) {
          const name = `${key}.${stage}`
          const found = await loadAddon().inspection.lossTerms(features, terms(key.split('.')[0]), 'log')
          const exact = { relMax: 1e-5, abs: 1e-6 }
          expectClose(found.loss, file.tensor(`${name}.loss`), { name: `${name}.loss`, ...exact })
          for (const [term, [part, similarity]] of Object.entries(PARTS[stage])) {
            expectClose(found[`term.${term}`], file.tensor(`${name}.${part}`), { name: `${name}.${part}`, ...exact })
            expectClose(found[`similarity.${term}`], file.tensor(`${key}.${similarity}`), {
              name: similarity,
              abs: 1e-6,
            })
          }
          // A part of the gradient that nearly cancels is compared at the scale of the whole.
          for (const [input, short] of Object.entries(GRADIENTS)) {
            const expected = `${name}.grad_${short}`
            if (!file.has(expected)) expect(found[`gradient.${input}`]).toBeUndefined()
            else
              expectClose(found[`gradient.${input}`], file.tensor(expected), {
                name: expected,
                relMax: 1e-4,
                abs: 1e-6,
              })
          }
        }
      }
    })

    test('at and beyond the ends of the clamp', async () => {
      const file = await readGolden('losses')
      const scalar: Record<string, string> = { neglog: 'match', neglog1m: 'background_text', logmean: 'text_prompt' }
      for (const [name, term] of Object.entries(scalar)) {
        const found = await loadAddon().inspection.similarityGradient(term, file.tensor('scalar.x'))
        expectClose(found.loss, file.tensor(`scalar.${name}.loss`), { name, relMax: 1e-5 })
        expectClose(found.gradient, file.tensor(`scalar.${name}.grad`), { name: `${name} gradient`, relMax: 1e-5 })
      }
    })
  }
})

describe('cosine form', () => {
  test('is the mean similarity, pulled up or pushed down', async () => {
    const row = (...values: number[]) => ({ dtype: 'float32' as const, shape: [1, 2], data: Float32Array.from(values) })
    const features = {
      foreground: row(3, 4),
      background: row(0, 2),
      text: row(1, 0),
      prompt: row(0, 5),
      pairClass: { dtype: 'int64' as const, shape: [1], data: BigInt64Array.of(0n) },
    }
    const term = async (name: string) => {
      const found = await loadAddon().inspection.lossTerms(features, { [name]: 1 }, 'cosine')
      return (found.loss.data as Float32Array)[0]
    }
    // cos(fg, text) = 3/5, cos(fg, prompt) = 4/5, cos(bg, prompt) = 1, cos(bg, text) = 0
    expect(await term('match')).toBeCloseTo(-0.6, 6)
    expect(await term('foreground_prompt')).toBeCloseTo(0.8, 6)
    expect(await term('repel_foreground')).toBeCloseTo(0.8, 6)
    expect(await term('background_prompt')).toBeCloseTo(-1, 6)
    expect(await term('background_text')).toBeCloseTo(0, 6)
  })

  test('the log form of repelling the foreground is + log s', async () => {
    const x = { dtype: 'float32' as const, shape: [2], data: Float32Array.of(0.5, 0.25) }
    const found = await loadAddon().inspection.similarityGradient('repel_foreground', x)
    expect((found.loss.data as Float32Array)[0]).toBeCloseTo((Math.log(0.5) + Math.log(0.25)) / 2, 6)
    expectClose(found.gradient, [1, 2], { relMax: 1e-6 })
  })
})
