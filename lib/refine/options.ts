import { z } from 'zod'
import { SemplesError } from '../base/error.js'
import { choice, fieldsOf, flag, positive, share, special, whole } from '../base/fields.js'
import { withoutUndefined } from '../base/merge.js'
import { optionError } from '../base/optionError.js'
import { type BilateralTerm, type CrfPreset, crfPresetNames, crfPresets, type GaussianTerm } from './presets.js'

/** How masks are refined; every field can be left out. */
export interface RefineOptions {
  /**
   * `crf` (default): mean-field inference in a fully connected CRF with Gaussian edge potentials (Krähenbühl and Koltun
   * 2011). `pamr`: pixel-adaptive mask refinement (Araslanov and Roth 2020).
   */
  method?: 'crf' | 'pamr'
  /** Published settings of the dense CRF by name; default `voc`. Single values below replace those of the preset. */
  preset?: CrfPreset
  /** Kernels on positions; `[]` for none. */
  gaussian?: GaussianTerm | GaussianTerm[]
  /** Kernels on positions and colours; `[]` for none. */
  bilateral?: BilateralTerm | BilateralTerm[]
  /** Mean-field iterations (default 10, of the preset), or passes of PAMR (default 10). */
  iterations?: number
  /** How the CRF's kernels are normalised: by both pixels' kernel sums, by one before or after filtering, or not. Default `symmetric`, as in pydensecrf. */
  normalization?: 'symmetric' | 'before' | 'after' | 'none'
  /** How scores become energies; default: that of the preset. Label maps are always `hard`. */
  unary?: 'soft' | 'hard'
  /** Probability that a hard label is right. Default 0.7. */
  gtProb?: number
  /** Label 0 of a label map means "unsure" instead of background. 255 always does. Default false. */
  zeroUnsure?: boolean
  /** PAMR: distances in pixels of the eight neighbours. Default 1, 2, 4, 8, 12, 24. */
  dilations?: readonly number[]
  /** Background score of CAMs that come without a background map. Default 0.45. */
  threshold?: number
  /** Instead of `threshold`: the background score is (1 - highest class score) to this power. */
  backgroundPower?: number
  /** Kind of the values in score maps: probabilities from 0 to 1 (default), or energies, their -ln. */
  values?: 'probabilities' | 'energies'
  /**
   * Class id (pixel value) of each score map, in map order; 0 is a background map. Default: what the file says (one that
   * says nothing is refused), and 0, 1, 2, ... for maps in memory.
   */
  classes?: readonly number[]
  /**
   * What is added to the classes of a file to get class ids. Default: 1 for dictionaries and `keys` arrays, which
   * count classes from zero; 0 where the file has class ids (see `readCamFile`).
   */
  classOffset?: number
  /** Pixels whose highest refined score is below this become 255 (void). Default 0: none. */
  confidence?: number
  /**
   * What scores and labels are of: `apply`: the picture as viewers show it, its EXIF orientation applied; `ignore`: the
   * picture as its rows are stored. The mask is of the same. Default: what their file says (those of `generateMasks` and
   * `refineMasks` do), else `ignore`.
   */
  exif?: 'apply' | 'ignore'
}

/** Options with every default filled in. */
export interface RefineSettings extends Required<Omit<RefineOptions, Optional | 'gaussian' | 'bilateral'>> {
  gaussian: GaussianTerm[]
  bilateral: BilateralTerm[]
  classes: readonly number[] | undefined
  classOffset: number | undefined
  /** Instead of `threshold`. */
  backgroundPower: number | undefined
  /** Where nothing is given, the files say it. */
  exif: 'apply' | 'ignore' | undefined
}

type Optional = 'classes' | 'classOffset' | 'backgroundPower' | 'exif' | 'preset'

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

/** Maximum numbers of iterations and kernels; larger ones are typing errors. */
const MAX = { iterations: 1000, kernels: 16, dilations: 16, dilation: 4096 }

const schema = z
  .strictObject({
    method: choice(['crf', 'pamr'], 'Dense CRF, or pixel-adaptive mask refinement.'),
    preset: choice(crfPresetNames, 'Published settings of the dense CRF.'),
    gaussian: special(
      z.union([gaussianTerm, z.array(gaussianTerm).max(MAX.kernels)]),
      'Kernels on positions.',
      '{ sxy, compat } with a deviation above 0, or a list of such',
    ),
    bilateral: special(
      z.union([bilateralTerm, z.array(bilateralTerm).max(MAX.kernels)]),
      'Kernels on positions and colours.',
      '{ sxy, srgb, compat } with deviations above 0, or a list of such',
    ),
    iterations: special(
      z.number().int().min(0).max(MAX.iterations),
      'Iterations of the mean field, or passes of PAMR.',
      `a whole number, 0 to ${MAX.iterations}`,
    ),
    normalization: choice(['symmetric', 'before', 'after', 'none'], 'Normalisation of the kernels.'),
    unary: choice(['soft', 'hard'], 'How scores become energies.'),
    gtProb: special(z.number().gt(0).lt(1), 'Probability that a hard label is right.', 'a number between 0 and 1'),
    zeroUnsure: flag('Label 0 means unsure.'),
    dilations: special(
      z.array(z.number().int().min(1).max(MAX.dilation)).min(1).max(MAX.dilations),
      'Distances of the neighbours.',
      'a list of whole numbers, 1 or more',
    ),
    threshold: share('Background score where the maps have none.'),
    backgroundPower: positive('Exponent of the background score.'),
    values: choice(['probabilities', 'energies'], 'Kind of the values in score maps.'),
    classes: special(
      z.array(z.number().int().min(0).max(254)).min(1),
      'Class ids of the score maps.',
      'a list of class ids, 0 (background) to 254',
    ),
    classOffset: whole(0, 'Added to the class keys of a file.'),
    confidence: share('Minimum refined score of a pixel; others become 255.'),
    exif: choice(['apply', 'ignore'], 'Whether the EXIF orientation of pictures is applied.'),
  })
  .partial()

export const refineFields = new Map([...fieldsOf(schema)].map(([field, { note }]) => [field, note]))

/**
 * Checks options and fills in the preset and the defaults.
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN`, `SEMPLES_CONFIG_INVALID` naming the field
 */
export function resolveRefineOptions(options: RefineOptions = {}): RefineSettings {
  const value = { ...withoutUndefined(options) }
  const result = schema.safeParse(value)
  if (!result.success) throw optionError(result.error, { value, notes: refineFields, noun: 'option' })
  refuseContradictions(options)
  const { preset = 'voc', gaussian, bilateral, threshold, ...given } = options
  const { gaussian: gaussians, bilateral: bilaterals, backgroundPower, ...published } = crfPresetOf(preset)
  return {
    method: 'crf',
    normalization: 'symmetric',
    gtProb: 0.7,
    zeroUnsure: false,
    dilations: [1, 2, 4, 8, 12, 24],
    values: 'probabilities',
    classes: undefined,
    classOffset: undefined,
    confidence: 0,
    exif: undefined,
    ...(options.method === 'pamr' ? { ...published, iterations: 10, unary: 'soft' } : published),
    threshold: threshold ?? 0.45,
    // A threshold that is given replaces the preset's backgroundPower.
    backgroundPower: threshold === undefined ? backgroundPower : undefined,
    ...withoutUndefined(given),
    gaussian: listOf(gaussian, gaussians),
    bilateral: listOf(bilateral, bilaterals),
  }
}

function crfPresetOf(name: CrfPreset) {
  const { backgroundPower, ...settings } = { backgroundPower: undefined, ...crfPresets[name] }
  return { ...structuredClone(settings), backgroundPower }
}

function refuseContradictions({ method, preset, threshold, backgroundPower, values, unary }: RefineOptions): void {
  if (threshold !== undefined && backgroundPower !== undefined)
    throw contradiction('backgroundPower', backgroundPower, 'either threshold or backgroundPower')
  if (method === 'pamr' && preset !== undefined)
    throw contradiction('preset', preset, 'no preset with method pamr: presets are settings of the dense CRF')
  if (values === 'energies' && unary === 'hard')
    throw contradiction('unary', unary, 'soft with energies, which are unaries already')
}

function contradiction(field: string, value: unknown, expected: string): SemplesError {
  const message = 'Two options contradict each other.'
  return new SemplesError('SEMPLES_CONFIG_INVALID', { message, field, value, expected })
}

function listOf<T>(given: T | T[] | undefined, otherwise: readonly T[]): T[] {
  if (given === undefined) return [...otherwise]
  return Array.isArray(given) ? given : [given]
}
