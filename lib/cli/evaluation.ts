import { count } from '../base/count.js'
import type { Interval } from '../evaluate/bootstrap.js'
import type { Comparison, Difference } from '../evaluate/comparison.js'
import type { Mistakes } from '../evaluate/details.js'
import type { Evaluation } from '../evaluate/evaluate.js'
import { percent, table } from './output.js'

/** An evaluation as lines: the classes that occur, the means, the curve of a sweep, and what else was asked for. */
export function evaluationLines(evaluation: Evaluation, withCurve = false): string[] {
  const { perClass, curve, best, pictures, boundary, bootstrap, confusions, against } = evaluation
  const shown = perClass.map((_, index) => index).filter((index) => !Number.isNaN(perClass[index]!.iou))
  const absent = perClass.length - shown.length
  const header = ['class', 'IoU %', ...(boundary === undefined ? [] : ['boundary IoU %']), 'precision %', 'recall %']
  const rows = shown.map((index) => {
    const { label, iou, precision, recall } = perClass[index]!
    const ofBoundary =
      boundary === undefined ? [] : [withInterval(boundary.perClass[index]!.iou, bootstrap?.boundary?.perClass[index])]
    return [label, withInterval(iou, bootstrap?.perClass[index]), ...ofBoundary, percent(precision), percent(recall)]
  })
  return [
    ...(withCurve && curve !== undefined
      ? [...table([['threshold', 'mIoU %'], ...curve.map((at) => [at.threshold.toFixed(2), percent(at.miou)])]), '']
      : []),
    ...table([header, ...rows]),
    ...(absent === 0 ? [] : [`(${absent} of ${perClass.length} classes occur in neither ground truth nor masks)`]),
    '',
    `mean IoU ${withInterval(evaluation.miou, bootstrap?.miou)} %${best === undefined ? '' : ` at background threshold ${best.threshold}`}, over ${count(pictures, 'picture')}`,
    ...(boundary === undefined
      ? []
      : [
          `mean boundary IoU ${withInterval(boundary.miou, bootstrap?.boundary?.miou)} %, within ${Number((100 * boundary.share).toPrecision(6))} % of the diagonal from a contour`,
        ]),
    `false positives ${percent(evaluation.falsePositive)} %, false negatives ${percent(evaluation.falseNegative)} %, precision ${percent(evaluation.precision)} %, recall ${percent(evaluation.recall)} %`,
    ...(bootstrap === undefined ? [] : [`in brackets: ${drawn(bootstrap)}`]),
    ...(confusions === undefined ? [] : ['', ...mistakeLines(confusions)]),
    ...(against === undefined ? [] : ['', ...comparisonLines(against)]),
  ]
}

/** `63.20 (61.00 to 65.40)` */
function withInterval(fraction: number, interval?: Interval): string {
  if (interval === undefined || Number.isNaN(interval.low)) return percent(fraction)
  return `${percent(fraction)} (${percent(interval.low)} to ${percent(interval.high)})`
}

function drawn({ draws, seed }: { draws: number; seed: number }): string {
  return `95 % interval, percentiles of ${draws.toLocaleString('en')} bootstrap draws of the pictures, seed ${seed}`
}

/** Classes with most false positives, at most so many. */
const MOST_FALSE = 10

function mistakeLines({ pairs, falsePositives, minArea }: Mistakes): string[] {
  const found = falsePositives
    .filter(({ pictures }) => pictures > 0)
    .toSorted((one, other) => other.pictures - one.pictures)
  const more = found.length - MOST_FALSE
  const at = `${Number((100 * minArea).toPrecision(6))} % of the picture or more`
  return [
    ...(pairs.length === 0
      ? ['no pixel of a class has another in the masks']
      : table([
          ['true class', 'in the masks', '% of the true class', 'pixels'],
          ...pairs.map(({ truth, predicted, share, pixels }) => [
            truth.label,
            predicted.label,
            percent(share),
            String(pixels),
          ]),
        ])),
    '',
    ...(found.length === 0
      ? [`no mask has a class, on ${at}, that its picture lacks`]
      : [
          ...table([
            ['on pictures without it', 'pictures', '% of those without', 'mean area %'],
            ...found
              .slice(0, MOST_FALSE)
              .map(({ label, pictures, share, meanArea }) => [
                label,
                String(pictures),
                percent(share),
                percent(meanArea),
              ]),
          ]),
          `(masks that have the class on ${at}${more > 0 ? `; ${more} more in --json` : ''})`,
        ]),
  ]
}

/** Classes with the largest differences, at most so many. */
const MOST = 5

function comparisonLines(comparison: Comparison): string[] {
  const { folder, miou, boundary, perClass, won, tied, lost } = comparison
  const judged = won + tied + lost
  const share = (pictures: number) => percent(judged === 0 ? Number.NaN : pictures / judged)
  const largest = perClass
    .filter(({ difference }) => Math.abs(difference) > 0)
    .toSorted((one, other) => Math.abs(other.difference) - Math.abs(one.difference))
    .slice(0, MOST)
  return [
    `against ${folder}, in points with ${drawn(comparison)}, paired:`,
    `mean IoU ${percent(miou.masks)} against ${percent(miou.against)}: ${points(miou)}`,
    ...(boundary === undefined
      ? []
      : [`mean boundary IoU ${percent(boundary.masks)} against ${percent(boundary.against)}: ${points(boundary)}`]),
    `pictures by their own mean IoU: better ${won} (${share(won)} %), the same ${tied} (${share(tied)} %), worse ${lost} (${share(lost)} %)`,
    ...(largest.length === 0
      ? []
      : table([
          ['largest differences', 'IoU %', 'against %', 'points'],
          ...largest.map((entry) => [entry.label, percent(entry.masks), percent(entry.against), points(entry)]),
        ])),
  ]
}

/** `+2.20 (+1.10 to +3.40)` */
function points({ difference, low, high }: Difference): string {
  const interval = Number.isNaN(low) ? '' : ` (${signed(low)} to ${signed(high)})`
  return `${signed(difference)}${interval}`
}

function signed(fraction: number): string {
  const text = percent(Math.abs(fraction))
  // What rounds to nothing has no sign.
  return Number(text) > 0 ? `${fraction > 0 ? '+' : '-'}${text}` : text
}
