import { z } from 'zod'
import { SemplesError } from '../base/error.js'
import { choice, fieldsOf, flag, positive, share, special, whole } from '../base/fields.js'
import { withoutUndefined } from '../base/merge.js'
import { optionError } from '../base/optionError.js'
import type { ImageLabels } from '../datasets/imageLabels.js'
import { type AxesOrder, axesOrders } from '../formats/camFile/maps.js'
import { type ScoreKind, scoreKinds } from '../formats/camFile/scores.js'
import { type MethodName, type MethodOptions, methodNamed, methodNames, refineMethods } from './methods.js'

/** Maximum number of iterations; more is a typing error. */
const MAX_ITERATIONS = 1000

const sharedSchema = z
  .strictObject({
    /** `crf` (default): a dense CRF (Krähenbühl and Koltun 2011). `pamr`: pixel-adaptive mask refinement (Araslanov and Roth 2020). */
    method: choice(methodNames, 'Dense CRF, or pixel-adaptive mask refinement.'),
    /** Mean-field iterations (default: those of the preset), or passes of PAMR (default 10). */
    iterations: special(
      z.number().int().min(0).max(MAX_ITERATIONS),
      'Iterations of the mean field, or passes of PAMR.',
      `a whole number, 0 to ${MAX_ITERATIONS}`,
    ),
    /** How scores become energies; default: that of the preset. Label maps are always `hard`. */
    unary: choice(['soft', 'hard'], 'How scores become energies.'),
    /** Probability that a hard label is right. Default 0.7. */
    gtProb: special(z.number().gt(0).lt(1), 'Probability that a hard label is right.', 'a number between 0 and 1'),
    /** Label 0 of a label map means "unsure" instead of background. 255 always does. Default false. */
    zeroUnsure: flag('Label 0 means unsure.'),
    /** Background score of CAMs that come without a background map. Default 0.45. */
    threshold: share('Background score where the maps have none.'),
    /** Instead of `threshold`: the background score is (1 - highest class score) to this power. */
    backgroundPower: positive('Exponent of the background score.'),
    /**
     * What the numbers of score maps are. `probabilities` (default): 0 to 1; numbers far outside are refused. `logits`: a
     * softmax over the maps where one is of the background, a sigmoid of each map else. `raw`: each map is scaled to its
     * own minimum and maximum. `energies`: -ln of probabilities.
     */
    values: choice(scoreKinds, 'What the numbers of score maps are.'),
    /** Order of the axes of an array of score maps: `chw` (default) is [maps, height, width], `hwc` [height, width, maps]. */
    axes: choice(axesOrders, 'Order of the axes of score maps.'),
    /** Name of the array to take of files that hold several. Default: the first that is there of the list at `readCamFile`. */
    entry: special(z.string().min(1), 'Name of the array of score maps in a file.', 'a name of an array'),
    /**
     * Class id (pixel value) of each score map, in map order; 0 is a background map. Default: what the file says (one
     * that says nothing is refused), and 0, 1, 2, ... for maps in memory. An empty list, with no maps: all is background.
     */
    classes: special(
      z.array(z.number().int().min(0).max(254)),
      'Class ids of the score maps.',
      'a list of class ids, 0 (background) to 254',
    ),
    /**
     * What is added to the classes of a file to get class ids. Default: 1 for dictionaries and `keys` arrays, which
     * count classes from zero; 0 where the file has class ids (see `readCamFile`).
     */
    classOffset: whole(0, 'Added to the class keys of a file.'),
    /** Pixels whose highest refined score is below this become 255 (void). Default 0: none. */
    confidence: share('Minimum refined score of a pixel; others become 255.'),
    /**
     * What scores and labels are of: `apply`: the picture as viewers show it, its EXIF orientation applied; `ignore`: the
     * picture as its rows are stored. The mask is of the same. Default: what their file says (those of `generateMasks`
     * and `refineMasks` do), else `ignore`.
     */
    exif: choice(['apply', 'ignore'], 'Whether the EXIF orientation of pictures is applied.'),
  })
  .partial()

type SharedOptions = z.infer<typeof sharedSchema>
type ReadonlyLists<T> = {
  [Key in keyof T]: T[Key] extends number[] | undefined ? readonly number[] | undefined : T[Key]
}

/** How masks are refined; every field can be left out. A method has options of its own, which the others refuse. */
export type RefineOptions = ReadonlyLists<SharedOptions> & ReadonlyLists<MethodOptions>

/** Options with every default filled in. */
export interface RefineSettings {
  method: MethodName
  /** The own options of the method. */
  own: object
  iterations: number
  unary: 'soft' | 'hard'
  gtProb: number
  zeroUnsure: boolean
  threshold: number
  /** Instead of `threshold`. */
  backgroundPower: number | undefined
  values: ScoreKind
  /** Undefined: chw. */
  axes: AxesOrder | undefined
  entry: string | undefined
  /** Class ids by name, where a class table was given. */
  classNames?: Readonly<Record<string, number>>
  /** Of whose classes maps are kept; all without them. */
  imageLabels?: ImageLabels
  classes: readonly number[] | undefined
  classOffset: number | undefined
  confidence: number
  /** Where nothing is given, the files say it. */
  exif: 'apply' | 'ignore' | undefined
  /** The options that the caller gave, of which it is said where they do nothing. No part of what decides a mask. */
  given?: readonly string[]
}

const schema = z.strictObject({
  ...sharedSchema.shape,
  ...Object.assign({}, ...refineMethods.map((method) => method.schema.shape)),
})

export const refineFields = new Map([...fieldsOf(schema)].map(([field, { note }]) => [field, note]))

/**
 * Checks options and fills in the preset and the defaults.
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN`, `SEMPLES_CONFIG_INVALID` naming the field
 */
export function resolveRefineOptions(options: RefineOptions = {}): RefineSettings {
  const value: Record<string, unknown> = { ...withoutUndefined(options) }
  const result = schema.safeParse(value)
  if (!result.success) throw optionError(result.error, { value, notes: refineFields, noun: 'option' })
  const { method: name = 'crf', iterations, unary, backgroundPower, threshold } = options
  const method = methodNamed(name)
  const own = Object.fromEntries(Object.keys(method.schema.shape).map((field) => [field, value[field]]))
  const defaults = method.defaults(own)
  refuseContradictions(options, name)
  return {
    method: name,
    own: method.resolve(own),
    iterations: iterations ?? defaults.iterations,
    unary: unary ?? defaults.unary,
    gtProb: options.gtProb ?? 0.7,
    zeroUnsure: options.zeroUnsure ?? false,
    threshold: threshold ?? 0.45,
    // A threshold that is given replaces the preset's backgroundPower.
    backgroundPower: backgroundPower ?? (threshold === undefined ? defaults.backgroundPower : undefined),
    values: options.values ?? 'probabilities',
    axes: options.axes,
    entry: options.entry,
    classes: options.classes,
    classOffset: options.classOffset,
    confidence: options.confidence ?? 0,
    exif: options.exif,
  }
}

function refuseContradictions(options: RefineOptions, name: MethodName): void {
  const { threshold, backgroundPower, values, unary } = options
  for (const other of refineMethods)
    for (const field of Object.keys(other.schema.shape) as (keyof MethodOptions)[])
      if (other.kind !== name && options[field] !== undefined)
        throw contradiction(
          field,
          options[field],
          `no ${field} with method ${name}: it is an option of method ${other.kind}`,
        )
  if (threshold !== undefined && backgroundPower !== undefined)
    throw contradiction('backgroundPower', backgroundPower, 'either threshold or backgroundPower')
  if (values === 'energies' && unary === 'hard')
    throw contradiction('unary', unary, 'soft with energies, which are unaries already')
}

function contradiction(field: string, value: unknown, expected: string): SemplesError {
  const message = 'Two options contradict each other.'
  return new SemplesError('SEMPLES_CONFIG_INVALID', { message, field, value, expected })
}
