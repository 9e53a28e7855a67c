import { z } from 'zod'
import { choice, special } from '../../base/fields.js'
import { type BilateralTerm, crfPresetNames, crfPresets, type GaussianTerm } from '../presets.js'
import { refineMethod } from './method.js'

/** Maximum number of kernels; more are typing errors. */
const MAX_KERNELS = 16

const positiveNumber = z.number().gt(0)
const pair = z.tuple([positiveNumber, positiveNumber])
const triple = z.tuple([positiveNumber, positiveNumber, positiveNumber])
const compat = z.union([z.number(), z.array(z.array(z.number()).min(1)).min(1)])
const gaussianTerm = z.strictObject({ sxy: z.union([positiveNumber, pair]), compat })
const bilateralTerm = z.strictObject({
  sxy: z.union([positiveNumber, pair]),
  srgb: z.union([positiveNumber, triple]),
  compat,
})

/** A dense CRF with nothing left open. */
export interface CrfKernels {
  gaussian: GaussianTerm[]
  bilateral: BilateralTerm[]
  normalization: 'symmetric' | 'before' | 'after' | 'none'
}

/** Mean-field inference in a fully connected CRF with Gaussian edge potentials (Krähenbühl and Koltun 2011). */
export const crf = refineMethod({
  kind: 'crf',
  title: 'dense CRF (Krähenbühl and Koltun 2011)',
  schema: z
    .strictObject({
      /** Published settings of the dense CRF by name; default `voc`. Single values replace those of the preset. */
      preset: choice(crfPresetNames, 'Published settings of the dense CRF. Default: voc.'),
      /** Kernels on positions; `[]` for none. Default: those of the preset. */
      gaussian: special(
        z.union([gaussianTerm, z.array(gaussianTerm).max(MAX_KERNELS)]),
        'Kernels on positions.',
        '{ sxy, compat } with a deviation above 0, or a list of such',
      ),
      /** Kernels on positions and colours; `[]` for none. Default: those of the preset. */
      bilateral: special(
        z.union([bilateralTerm, z.array(bilateralTerm).max(MAX_KERNELS)]),
        'Kernels on positions and colours.',
        '{ sxy, srgb, compat } with deviations above 0, or a list of such',
      ),
      /**
       * How kernels are normalised: by both pixels' kernel sums, by one before or after filtering, or not. Default
       * `symmetric`, as in pydensecrf.
       */
      normalization: choice(['symmetric', 'before', 'after', 'none'], 'Normalisation of the kernels.'),
    })
    .partial(),
  alignCorners: false,
  defaults: ({ preset = 'voc' }) => {
    const { iterations, unary, backgroundPower } = { backgroundPower: undefined, ...crfPresets[preset] }
    return { iterations, unary, backgroundPower }
  },
  resolve: ({ preset = 'voc', gaussian, bilateral, normalization = 'symmetric' }): CrfKernels => {
    const published = structuredClone(crfPresets[preset])
    return {
      gaussian: listOf<GaussianTerm>(gaussian, published.gaussian),
      bilateral: listOf<BilateralTerm>(bilateral, published.bilateral),
      normalization,
    }
  },
  // A matrix of compatibilities has a row for every label.
  needsAllLabels: ({ gaussian, bilateral }) =>
    [...gaussian, ...bilateral].some((term) => typeof term.compat !== 'number'),
  native: ({ gaussian, bilateral, normalization }, iterations) => ({
    kind: 'crf',
    iterations,
    normalization,
    gaussian: gaussian.map((term) => ({ sxy: pairOf(term.sxy), compat: matrix(term.compat) })),
    bilateral: bilateral.map(({ srgb, ...term }) => ({
      sxy: pairOf(term.sxy),
      srgb: typeof srgb === 'number' ? [srgb, srgb, srgb] : srgb,
      compat: matrix(term.compat),
    })),
  }),
})

function listOf<T>(given: T | T[] | undefined, otherwise: readonly T[]): T[] {
  if (given === undefined) return [...otherwise]
  return Array.isArray(given) ? given : [given]
}

function pairOf(deviation: number | [number, number]): [number, number] {
  return typeof deviation === 'number' ? [deviation, deviation] : deviation
}

function matrix(values: number | number[][]): number | Float32Array {
  return typeof values === 'number' ? values : Float32Array.from(values.flat())
}
