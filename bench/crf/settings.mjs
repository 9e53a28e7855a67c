// What the bench refines with, and its two kinds of unaries.

/** Sizes in pixels and grey levels, as pydensecrf calls them. */
export const SETTINGS = {
  gaussian: { sxy: 3, compat: 3 },
  bilateral: { sxy: 50, srgb: 5, compat: 10 },
  iterations: 10,
}

/** As published evaluations on PASCAL VOC 2012 and COCO 2014 refine. */
export const PUBLISHED = {
  voc: { gaussian: { sxy: 4, compat: 3 }, bilateral: { sxy: 83, srgb: 5, compat: 3 }, iterations: 10 },
  coco: SETTINGS,
}

export const LABEL_COUNTS = [3, 21]
export const UNARIES = ['soft', 'hard']

/** The settings as the addon takes them. */
export function crfMethod({ gaussian, bilateral, iterations }) {
  return {
    kind: 'crf',
    gaussian: [{ sxy: [gaussian.sxy, gaussian.sxy], compat: gaussian.compat }],
    bilateral: [
      {
        sxy: [bilateral.sxy, bilateral.sxy],
        srgb: [bilateral.srgb, bilateral.srgb, bilateral.srgb],
        compat: bilateral.compat,
      },
    ],
    iterations,
  }
}
