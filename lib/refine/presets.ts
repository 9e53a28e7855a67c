/** A Gaussian kernel on positions. */
export interface GaussianTerm {
  /** Standard deviation in pixels, of both axes or of x and y. */
  sxy: number | [x: number, y: number]
  /** Weight of a Potts model, or an energy for every pair of labels, [labels][labels] in the order of the maps. */
  compat: number | number[][]
}

/** A Gaussian kernel on positions and colours. */
export interface BilateralTerm extends GaussianTerm {
  /** Standard deviation in colour values of 0 to 255, of all channels or of red, green and blue. */
  srgb: number | [red: number, green: number, blue: number]
}

/** Settings of a dense CRF. */
export interface CrfSettings {
  gaussian: GaussianTerm[]
  bilateral: BilateralTerm[]
  iterations: number
  /**
   * How scores become unary energies. `soft`: -ln of each score, clipped to [1e-5, 1] and not renormalised. `hard`: of the
   * label with the highest score alone, which is right with probability `gtProb`.
   */
  unary: 'soft' | 'hard'
  /** Background score as (1 - highest class score) to this power, for settings that were published so. */
  backgroundPower?: number
}

/** [deviation, weight] of the Gaussian kernel; [deviation, colour deviation, weight] of the bilateral one. */
function settings(
  unary: CrfSettings['unary'],
  [gaussianSxy, gaussianCompat]: [number, number],
  [sxy, srgb, compat]: [number, number, number],
  others: Pick<Partial<CrfSettings>, 'iterations' | 'backgroundPower'> = {},
): CrfSettings {
  return {
    unary,
    gaussian: [{ sxy: gaussianSxy, compat: gaussianCompat }],
    bilateral: [{ sxy, srgb, compat }],
    iterations: 10,
    ...others,
  }
}

/** Published settings of pydensecrf, by who uses them. */
export const crfPresets = {
  /** SemPLeS and WeakTr: masks of CAMs, VOC 2012. */
  voc: settings('hard', [4, 3], [83, 5, 3]),
  /** SemPLeS and WeakTr: masks of CAMs, COCO 2014. */
  coco: settings('hard', [3, 3], [50, 5, 10]),
  /** IRN and CLIMS: labels for the affinity network. */
  irn: settings('hard', [3, 3], [50, 5, 10]),
  /** PSA: labels for the affinity network; also the test of the PAMR paper. */
  psa: settings('soft', [3, 3], [80, 13, 10]),
  /** CLIP-ES: pseudo masks, with a background of 1 - the highest score. */
  'clip-es': settings('soft', [1, 3], [67, 3, 4], { backgroundPower: 1 }),
  /** DeepLab: test. */
  deeplab: settings('soft', [1, 3], [67, 3, 4]),
  /** WeakTr's segmentation model: test, VOC 2012. */
  'weaktr-test-voc': settings('soft', [3, 3], [83, 5, 3]),
  /** WeakTr's segmentation model: test, COCO 2014. */
  'weaktr-test-coco': settings('soft', [1, 3], [67, 3, 4]),
  /** The example in the readme of pydensecrf. */
  pydensecrf: settings('soft', [3, 3], [80, 13, 10], { iterations: 5 }),
} as const satisfies Record<string, CrfSettings>

export type CrfPreset = keyof typeof crfPresets

export const crfPresetNames = Object.keys(crfPresets) as [CrfPreset, ...CrfPreset[]]
