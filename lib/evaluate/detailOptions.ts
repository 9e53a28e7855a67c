import { SemplesError } from '../base/error.js'
import { refuseUseless } from '../base/useless.js'
import { BOUNDARY_SHARE } from './boundary.js'

/** A class by pixel value and name; 0 is the background. */
export interface NamedClass {
  id: number
  label: string
}

/** What is to be known of masks beyond IoU, precision and recall; all of it for `masks` alone. */
export interface DetailOptions {
  /**
   * Boundary IoU beside IoU: of the pixels within a distance of the contours of masks and ground truth. A number is that
   * distance as a share of the diagonal of the picture; true is 0.02.
   */
  boundary?: boolean | number
  /**
   * Which classes are taken for which, and which appear on pictures without them. A number says how many pairs are listed;
   * true is 10.
   */
  confusions?: boolean | number
  /**
   * With `confusions`: the share of a picture from which on a class in its mask counts as found, 0 to 1. Default 0.001; one
   * pixel at least.
   */
  minArea?: number
  /**
   * 95 % intervals of the scores, by drawing the pictures again with replacement (percentile bootstrap). A number says how
   * many draws; true is 1000.
   */
  bootstrap?: boolean | number
  /** With `bootstrap` or `against`: seed of the draws. Default 0. */
  seed?: number
  /**
   * Another folder of masks of the same pictures, which `masks` are compared with. Pictures that one of the two folders lacks
   * are left out of all scores, and named.
   */
  against?: string
}

/** The same, checked and filled in; undefined is what was not asked for. */
export interface Details {
  boundary: number | undefined
  confusions: number | undefined
  minArea: number
  /** Draws, where some are needed. */
  bootstrap: number | undefined
  seed: number
  against: string | undefined
}

/** Fewer draws have no 2.5th percentile to speak of. */
const FEWEST_DRAWS = 100

/** @throws SemplesError `SEMPLES_CONFIG_INVALID`, `SEMPLES_OPTION_INVALID` */
export function detailsOf(options: DetailOptions): Details {
  const { against, minArea, seed } = options
  const confusions = asked(options.confusions, 10)
  const bootstrap = asked(options.bootstrap, 1000)
  const boundary = asked(options.boundary, BOUNDARY_SHARE)
  if (confusions === undefined)
    refuseUseless({ minArea }, 'without confusions: it says which false positives are counted')
  if (bootstrap === undefined && against === undefined)
    refuseUseless({ seed }, 'without bootstrap or against: nothing is drawn')
  if (boundary !== undefined)
    check('boundary', boundary, boundary > 0 && boundary < 1, 'a share of the diagonal above 0 and below 1, as 0.02')
  if (confusions !== undefined)
    check('confusions', confusions, Number.isSafeInteger(confusions) && confusions > 0, 'a number of pairs, 1 or more')
  if (bootstrap !== undefined)
    check(
      'bootstrap',
      bootstrap,
      Number.isSafeInteger(bootstrap) && bootstrap >= FEWEST_DRAWS && bootstrap <= 100_000,
      `a number of draws from ${FEWEST_DRAWS} to 100,000`,
    )
  if (minArea !== undefined) check('minArea', minArea, minArea >= 0 && minArea <= 1, 'a share from 0 to 1, as 0.001')
  if (seed !== undefined)
    check('seed', seed, Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'a whole number from 0 to 4294967295')
  return { boundary, confusions, minArea: minArea ?? 0.001, bootstrap, seed: seed ?? 0, against }
}

/** A number that is given, or stands for `true`. */
function asked(option: boolean | number | undefined, standard: number): number | undefined {
  if (option === undefined || option === false) return undefined
  return option === true ? standard : option
}

function check(field: string, value: unknown, isValid: boolean, expected: string): void {
  if (typeof value === 'number' && isValid) return
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The value of ${field} is not possible.`,
    field,
    value,
    expected,
  })
}
