import { isDeepStrictEqual } from 'node:util'
import { Random } from '../../loader/random.js'
import { type RefineOptions, type RefineSettings, resolveRefineOptions } from '../../refine/options.js'
import { type CrfPreset, crfPresetNames } from '../../refine/presets.js'

/** What the inputs leave to choose. */
export interface Scope {
  /** There are score maps: their unary may be soft or hard. */
  scores: boolean
  /** There are score maps without a background, which get that of the threshold. */
  background: boolean
}

/** Settings to try: options beside those that were given. */
export interface Candidate {
  preset?: CrfPreset
  options: RefineOptions
}

/** Ranges from which settings are drawn. Whole numbers, evenly on a logarithmic scale. */
export const RANGES = {
  gaussian: { sxy: [1, 8], compat: [1, 10] },
  bilateral: { sxy: [20, 160], srgb: [3, 20], compat: [1, 15] },
} as const

/** Steps of 0.05, evenly. */
export const SHARES = { gtProb: [0.5, 0.95], threshold: [0.2, 0.7] } as const

/** Draws of which each repeats another, after which there is nothing more to try. */
const MAX_REPEATED = 100

/**
 * Settings to try, each once: the preset that was given (or `voc`), the other presets, then settings drawn at random. What
 * was given stays as it is.
 *
 * @param number how many at most; there are fewer where there is less to choose
 */
export function candidatesOf(given: RefineOptions, scope: Scope, number: number, seed: number): Candidate[] {
  const { preset: first = 'voc', ...fixed } = given
  const candidates: Candidate[] = []
  const seen: unknown[] = []
  const add = (candidate: Candidate): boolean => {
    const deciding = decides(resolveRefineOptions({ ...fixed, ...candidate.options }), scope)
    if (seen.some((other) => isDeepStrictEqual(other, deciding))) return false
    seen.push(deciding)
    candidates.push(candidate)
    return true
  }
  for (const preset of [first, ...crfPresetNames]) {
    if (candidates.length < number) add({ preset, options: { preset } })
  }
  const random = new Random(seed, 'tune', 'settings')
  for (let repeated = 0; candidates.length < number && repeated < MAX_REPEATED; ) {
    if (add({ options: drawn(random, fixed, scope) })) repeated = 0
    else repeated++
  }
  return candidates
}

/** What of settings makes a difference to masks. */
function decides(settings: RefineSettings, scope: Scope): unknown {
  const { own, iterations, unary, gtProb, threshold, backgroundPower } = settings
  const kind = scope.scores ? unary : 'hard'
  return {
    own,
    iterations,
    unary: kind,
    // Masks are always hard, and stand beside the maps maybe.
    gtProb: kind === 'hard' ? gtProb : undefined,
    background: scope.background ? (backgroundPower ?? { threshold }) : undefined,
  }
}

/** Every number is drawn, whether it is taken or given: the same seed then draws the same others. */
function drawn(random: Random, fixed: RefineOptions, { scores, background }: Scope): RefineOptions {
  const { gaussian, bilateral } = RANGES
  const kernels = {
    gaussian: { sxy: whole(random, gaussian.sxy), compat: whole(random, gaussian.compat) },
    bilateral: {
      sxy: whole(random, bilateral.sxy),
      srgb: whole(random, bilateral.srgb),
      compat: whole(random, bilateral.compat),
    },
  }
  const hard = random.chance(0.5)
  const gtProb = share(random, SHARES.gtProb)
  const threshold = share(random, SHARES.threshold)
  const unary = fixed.unary ?? (hard ? 'hard' : 'soft')
  return {
    ...(fixed.gaussian === undefined ? { gaussian: kernels.gaussian } : {}),
    ...(fixed.bilateral === undefined ? { bilateral: kernels.bilateral } : {}),
    ...(scores && fixed.unary === undefined ? { unary } : {}),
    ...((!scores || unary === 'hard') && fixed.gtProb === undefined && fixed.values !== 'energies' ? { gtProb } : {}),
    ...(background && fixed.threshold === undefined && fixed.backgroundPower === undefined ? { threshold } : {}),
  }
}

function whole(random: Random, [low, high]: readonly [number, number]): number {
  return Math.round(Math.exp(random.uniform(Math.log(low), Math.log(high))))
}

function share(random: Random, [low, high]: readonly [number, number]): number {
  return random.integer(Math.round(20 * low), Math.round(20 * high)) / 20
}
