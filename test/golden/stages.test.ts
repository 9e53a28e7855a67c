import { describe, expect, test } from '@jest/globals'
import type { PrecisionName } from '../../lib/base/precision.js'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip, type OpenClipOptions } from '../../lib/models/clip/clip.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import type { NativeTrainerOptions } from '../../lib/native/addon.js'
import { labelText } from '../../lib/text/templates.js'
import { tokenize } from '../../lib/text/tokenizer.js'
import { describeClipArchives } from '../support/clipArchives.js'
import { type Closeness, expectClose, expectOptimizedParameters, largestMagnitude } from '../support/close.js'
import { describeGolden, goldenMatches, readGolden, readGoldenJson } from '../support/golden.js'
import { generatorConfig } from '../support/goldenModels.js'
import { needsGolden } from '../support/needs.js'

/** A stage as the published train functions run it: METHOD 4 and 5. */
function stage(letter: string, hypers: number[]): Pick<NativeTrainerOptions, 'terms' | 'trains' | 'maskEpsilon'> {
  const matching = { match: 1, background_text: hypers[0] }
  switch (letter) {
    case 'a':
      return { terms: matching, trains: 'head', maskEpsilon: 0.1 }
    case 'b':
      return {
        terms: { background_prompt: 1, text_prompt: hypers[0] },
        trains: 'prompts',
        maskEpsilon: 1e-4,
      }
    default:
      return {
        terms: { ...matching, foreground_prompt: hypers[1] },
        trains: 'head',
        maskEpsilon: 0.1,
      }
  }
}

/** Reference names of the parts and similarities of a stage's terms. */
function referenceNames(letter: string): Record<string, [part: string, similarity: string]> {
  if (letter === 'b')
    return { background_prompt: ['L_match', 'sim_L_match'], text_prompt: ['L_text', 'sim_text_prompt_unclamped'] }
  return {
    match: ['L_match', 'sim_L_match'],
    background_text: ['L_bgtext', 'sim_L_bgtext'],
    ...(letter === 'c' ? { foreground_prompt: ['L_fgprompt', 'sim_L_fgprompt'] as [string, string] } : {}),
  }
}

/**
 * 1e-4 of the gradient's largest magnitude, biases 5e-4. The gradient of `head.bias` is a sum over all positions that
 * nearly cancels, about a hundred times smaller than that of `head.weight`, whose summands are of the same size: what is
 * left of it has no relative accuracy of its own, and how much rounding is left depends on the processor. So it is
 * compared on the scale of `head.weight`.
 */
function gradientTolerance(parameter: string, gradients: TensorMap): Closeness {
  if (parameter === 'head.bias') return { relMax: 1e-4, scale: largestMagnitude(gradients['head.weight']) }
  return { relMax: parameter.endsWith('bias') ? 5e-4 : 1e-4 }
}

/** The names that the reference chooses by class count: exactly 20 are VOC's, else the first of COCO's. */
function textIds(classes: number): TensorData {
  const names = readGoldenJson<{ voc: string[]; coco: string[] }>('class_names.json')
  return tokenize((classes === names.voc.length ? names.voc : names.coco.slice(0, classes)).map(labelText))
}

/** A stage before its first step, with its reference. */
async function openStage(letter: string, kind: string, options: OpenClipOptions, precision?: PrecisionName) {
  const file = await readGolden(`stage_${letter}_${kind}`)
  const inputs = await readGolden(`stages_${kind}_inputs`)
  const weights = await readGolden(file.meta<string>('generator_weights').split(' ')[0])
  const config = generatorConfig(weights.meta('config'))
  const generator = await MaskGenerator.create({ ...config, precision })
  await generator.load(weights.under('w.'))
  const clip = await Clip.open({ ...options, precision })
  const initial = file.has('prompts_in') ? file.tensor('prompts_in') : inputs.tensor('prompts_init')
  const [classes, length, width] = initial.shape
  const prompts = await BackgroundPrompts.create({ classes, length, width })
  await prompts.load(initial)
  const trainer = await Trainer.create({
    ...stage(letter, file.meta('hypers')),
    generator,
    clip,
    prompts,
    textIds: textIds(config.classes),
    optimizer: { kind: 'adamw', weightDecay: file.meta('weight_decay') },
  })
  return {
    ...{ file, inputs, generator, prompts, trainer, initial },
    [Symbol.dispose]() {
      for (const model of [trainer, prompts, clip, generator]) model.dispose()
    },
  }
}

describeClipArchives((_form, options) => {
  const stages = goldenMatches(/^stage_(.)_(.+)\.safetensors$/)
  if (stages.length === 0) needsGolden(false).test('stage_*.safetensors', () => undefined)
  for (const [letter, kind] of stages) {
    test(`stage ${letter} of ${kind}: three optimiser steps`, async () => {
      const opened = await openStage(letter, kind, options())
      const { file, inputs, generator, prompts, trainer, initial } = opened
      using _ = opened
      const before = await generator.state()

      const rates: number[] = []
      for (let step = 1; file.has(`step${step}.loss`); step++) {
        const labels = Uint8Array.from(inputs.numbers(`batch${step}.labels`))
        const learningRate = file.scalar(`step${step}.lr`)
        rates.push(learningRate)
        const result = await trainer.step({
          images: inputs.tensor(`batch${step}.images`),
          labels,
          learningRate,
          details: true,
        })
        const name = `step${step}`
        expectClose(result.loss, file.scalar(`${name}.loss`), { name: `${name} loss`, relMax: 1e-5, abs: 1e-6 })
        for (const [term, [part, similarity]] of Object.entries(referenceNames(letter))) {
          expectClose(result.terms[term], file.scalar(`${name}.${part}`), {
            name: part,
            relMax: 1e-5,
            abs: 1e-6,
          })
          expectClose(result.details![`similarity.${term}`], file.tensor(`${name}.${similarity}`), {
            name: similarity,
            relMax: 1e-5,
          })
        }
        const gradients = Object.entries(file.under(`${name}.grad.`))
        expect(gradients.length).toBeGreaterThan(0)
        expect(Object.keys(result.details!).filter((key) => key.startsWith('gradient.'))).toHaveLength(gradients.length)
        for (const [parameter, expected] of gradients)
          expectClose(result.details![`gradient.${parameter}`], expected, {
            name: `${name} gradient ${parameter}`,
            ...gradientTolerance(parameter, file.under(`${name}.grad.`)),
          })
        for (const [ours, theirs] of [
          ['foreground', 'fg'],
          ['background', 'bg'],
        ]) {
          const key = `${name}.masked_${theirs}_first2`
          if (!file.has(key)) continue
          const expected = file.tensor(key)
          const all = result.details![`masked.${ours}`].data as Float32Array
          expectClose(all.subarray(0, expected.data.length), file.numbers(key), { name: key, relMax: 1e-5 })
        }
        const state = { ...(await generator.state()), prompts: await prompts.state() }
        for (const [parameter, expected] of Object.entries(file.under(`${name}.param.`)))
          expectOptimizedParameters(state[parameter as keyof typeof state], expected, {
            name: `${name} ${parameter}`,
            gradient: file.tensor(`step1.grad.${parameter}`),
            lr: Math.max(...rates),
            steps: step,
          })
      }
      expect(rates.length).toBe(3)

      // Everything that the loss does not reach is bit-identical, not even decayed.
      const trained = new Set(file.meta<string[]>('trained'))
      const after = await generator.state()
      for (const [name, tensor] of Object.entries(before))
        if (!trained.has(name)) expect(after[name].data).toEqual(tensor.data)
      if (letter !== 'b') expect((await prompts.state()).data).toEqual(initial.data)
    })

    test(`stage ${letter} of ${kind} in bfloat16: losses and masks near those of the reference`, async () => {
      const opened = await openStage(letter, kind, options(), 'bfloat16')
      const { file, inputs, generator, prompts, trainer } = opened
      using _ = opened
      for (let step = 1; file.has(`step${step}.loss`); step++) {
        const name = `step${step}`
        const result = await trainer.step({
          images: inputs.tensor(`batch${step}.images`),
          labels: Uint8Array.from(inputs.numbers(`batch${step}.labels`)),
          learningRate: file.scalar(`${name}.lr`),
          details: true,
        })
        expectClose(result.loss, file.scalar(`${name}.loss`), { name: `${name} loss`, relMax: 0.02 })
        const key = `${name}.masked_fg_first2`
        if (!file.has(key)) continue
        const expected = file.tensor(key)
        const masked = (result.details!['masked.foreground'].data as Float32Array).subarray(0, expected.data.length)
        expectClose(masked, file.numbers(key), { name: key, relMax: 0.05 })
      }
      for (const tensor of [...Object.values(await generator.state()), await prompts.state()])
        expect(tensor.dtype).toBe('float32')
    })
  }
})

describe('stage 0', () => {
  describeGolden('generator_backward_', (kind) => {
    test('classification losses and gradients', async () => {
      const file = await readGolden(`generator_backward_${kind}`)
      const weights = await readGolden(file.meta<string>('weights'))
      using generator = await MaskGenerator.create(generatorConfig(file.meta('config')))
      await generator.load(weights.under('w.'))
      using trainer = await Trainer.create({
        generator,
        terms: { class_logits: 1, coarse_logits: 1, fine_logits: 1 },
        trains: 'all',
        gradients: 'classification',
      })
      const labels = Uint8Array.from(file.numbers('labels'))
      const result = await trainer.step({ images: file.tensor('images'), labels, learningRate: 0, details: true })
      const key = 'weaktr.softmargin'
      expectClose(result.loss, file.scalar(`${key}.loss_total`), { relMax: 1e-5 })
      for (const part of ['class', 'coarse', 'fine'])
        expectClose(result.terms[`${part}_logits`], file.scalar(`${key}.loss_${part}`), {
          name: part,
          relMax: 1e-5,
        })
      for (const [name, expected] of Object.entries(file.under(`${key}.grad.`))) {
        const relMax = name.endsWith('bias') ? 5e-4 : 1e-4
        expectClose(result.details![`gradient.${name}`], expected, { name, relMax })
      }
      for (const name of file.meta<string[]>('weaktr_softmargin_no_grad'))
        expect(result.details).not.toHaveProperty([`gradient.${name}`])
    })
  })
})
