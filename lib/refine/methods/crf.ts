import { z } from 'zod'
import { SemplesError } from '../../base/error.js'
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
    const kernels = {
      gaussian: listOf<GaussianTerm>(gaussian, published.gaussian),
      bilateral: listOf<BilateralTerm>(bilateral, published.bilateral),
      normalization,
    }
    requireOneSize(kernels)
    return kernels
  },
  // A matrix of compatibilities has a row for every label.
  labels: (own) => rowsOf(own)[0],
  native: ({ gaussian, bilateral, normalization }, iterations, labels) => ({
    kind: 'crf',
    iterations,
    normalization,
    gaussian: gaussian.map((term) => ({ sxy: pairOf(term.sxy), compat: matrix(term.compat, labels) })),
    bilateral: bilateral.map(({ srgb, ...term }) => ({
      sxy: pairOf(term.sxy),
      srgb: typeof srgb === 'number' ? [srgb, srgb, srgb] : srgb,
      compat: matrix(term.compat, labels),
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

/** One label alone, of a picture that shows no class, is compared with none. */
function matrix(values: number | number[][], labels: number): number | Float32Array {
  if (typeof values !== 'number' && labels === 1) return 0
  return typeof values === 'number' ? values : Float32Array.from(values.flat())
}

/** Rows of every matrix of compatibilities. */
function rowsOf({ gaussian, bilateral }: Pick<CrfKernels, 'gaussian' | 'bilateral'>): number[] {
  return [...gaussian, ...bilateral].flatMap(({ compat }) => (typeof compat === 'number' ? [] : [compat.length]))
}

function requireOneSize(kernels: CrfKernels): void {
  const [rows] = rowsOf(kernels)
  for (const kind of ['gaussian', 'bilateral'] as const)
    for (const { compat } of kernels[kind]) {
      if (typeof compat === 'number') continue
      const wrong = [compat, ...compat].find((list) => list.length !== rows)
      if (wrong === undefined) continue
      throw new SemplesError('SEMPLES_CONFIG_INVALID', {
        message: 'A matrix of compatibilities is not square, or not of the size of another.',
        field: kind,
        value: `${compat.length} rows, ${wrong.length} numbers in one`,
        expected: `${rows} rows of ${rows} numbers, one for each label`,
      })
    }
}
