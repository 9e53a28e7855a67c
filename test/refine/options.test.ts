import { describe, expect, test } from '@jest/globals'
import type { CrfKernels } from '../../lib/refine/methods/crf.js'
import { resolveRefineOptions } from '../../lib/refine/options.js'
import { crfPresetNames } from '../../lib/refine/presets.js'
import { refusal } from '../config/refusal.js'

/** Gaussian deviation and weight, bilateral deviations and weight, unary, iterations: from the papers' code. */
const published: Record<string, [number, number, number, number, number, 'soft' | 'hard', number]> = {
  voc: [4, 3, 83, 5, 3, 'hard', 10],
  coco: [3, 3, 50, 5, 10, 'hard', 10],
  irn: [3, 3, 50, 5, 10, 'hard', 10],
  psa: [3, 3, 80, 13, 10, 'soft', 10],
  'clip-es': [1, 3, 67, 3, 4, 'soft', 10],
  deeplab: [1, 3, 67, 3, 4, 'soft', 10],
  'weaktr-test-voc': [3, 3, 83, 5, 3, 'soft', 10],
  'weaktr-test-coco': [1, 3, 67, 3, 4, 'soft', 10],
  pydensecrf: [3, 3, 80, 13, 10, 'soft', 5],
}

describe('presets', () => {
  test('are those that are documented', () => expect([...crfPresetNames].sort()).toEqual(Object.keys(published).sort()))

  test.each(crfPresetNames)('%s', (preset) => {
    const { own, unary, iterations, gtProb } = resolveRefineOptions({ preset })
    const { gaussian, bilateral, normalization } = own as CrfKernels
    const [first] = gaussian
    const [second] = bilateral
    expect([first!.sxy, first!.compat, second!.sxy, second!.srgb, second!.compat, unary, iterations]).toEqual(
      published[preset],
    )
    expect([gaussian.length, bilateral.length, gtProb, normalization]).toEqual([1, 1, 0.7, 'symmetric'])
  })

  test('voc holds where nothing is said', () =>
    expect(resolveRefineOptions()).toEqual(resolveRefineOptions({ preset: 'voc' })))

  test('give way to single values', () => {
    const settings = resolveRefineOptions({
      preset: 'coco',
      iterations: 1,
      gaussian: [],
      bilateral: { sxy: [20, 30], srgb: [1, 2, 3], compat: 7 },
    })
    expect(settings).toMatchObject({ unary: 'hard', iterations: 1 })
    expect(settings.own).toMatchObject({ gaussian: [], bilateral: [{ sxy: [20, 30], srgb: [1, 2, 3], compat: 7 }] })
    // The presets themselves stay as they are.
    expect((resolveRefineOptions({ preset: 'coco' }).own as CrfKernels).gaussian).toHaveLength(1)
  })

  test('of CLIP-ES takes the background from the maps, unless a threshold is given', () => {
    expect(resolveRefineOptions({ preset: 'clip-es' }).backgroundPower).toBe(1)
    expect(resolveRefineOptions({ preset: 'clip-es', threshold: 0.3 })).toMatchObject({
      backgroundPower: undefined,
      threshold: 0.3,
    })
  })
})

test('PAMR is as published', () =>
  expect(resolveRefineOptions({ method: 'pamr' })).toMatchObject({
    iterations: 10,
    own: { dilations: [1, 2, 4, 8, 12, 24] },
  }))

describe('refuses', () => {
  test.each([
    ['method', { method: 'grabcut' }],
    ['preset', { preset: 'cityscapes' }],
    ['gaussian', { gaussian: { sxy: 0, compat: 3 } }],
    ['gaussian', { gaussian: { sxy: 3 } }],
    ['bilateral', { bilateral: { sxy: 3, srgb: [1, 2], compat: 3 } }],
    ['iterations', { iterations: -1 }],
    ['iterations', { iterations: 1e9 }],
    ['gtProb', { gtProb: 1 }],
    ['threshold', { threshold: Number.NaN }],
    ['confidence', { confidence: 2 }],
    ['classes', { classes: [255] }],
    ['classes', { classes: [0.5] }],
    ['dilations', { method: 'pamr', dilations: [0] }],
    ['backgroundPower', { threshold: 0.4, backgroundPower: 1 }],
    ['preset', { method: 'pamr', preset: 'voc' }],
    ['gaussian', { method: 'pamr', gaussian: [] }],
    ['dilations', { dilations: [1, 2] }],
    ['unary', { values: 'energies', unary: 'hard' }],
  ])('%s: %j', (field, options) => {
    const error = refusal(() => resolveRefineOptions(options as never))
    expect([error.code, error.field]).toEqual(['SEMPLES_CONFIG_INVALID', field])
    expect(error.expected).toBeTruthy()
  })

  test('a name that does not exist, with the one that was meant', () => {
    const error = refusal(() => resolveRefineOptions({ itertions: 3 } as never))
    expect(error).toMatchObject({ code: 'SEMPLES_CONFIG_UNKNOWN', hint: 'Did you mean iterations?' })
    expect(refusal(() => resolveRefineOptions({ zzz: 3 } as never)).hint).toMatch(/method.*preset.*dilations/)
  })
})
