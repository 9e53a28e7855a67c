import { ConfusionCounter } from '../../evaluate/confusion.js'
import { scores } from '../../evaluate/scores.js'
import type { LabelMap } from '../../masks/labelMap.js'
import type { GalleryPicture, RunReport } from '../runReport.js'
import { drawing, type Image, type Pixels, photo } from './encode.js'
import { enlarge, highest, overHeat } from './heat.js'
import { maskPixels, overMask } from './mask.js'
import { sample, shrink } from './shrink.js'

/** A picture of the gallery with its maps and masks, encoded for `<img>`. */
export interface DrawnPicture extends Pick<GalleryPicture, 'id' | 'labels' | 'labelSource' | 'review'> {
  image: Image
  truth?: Image
  results: DrawnResult[]
  /** The last result's mask over the picture. */
  overlay?: Image
  promptMaps: { classId: number; heat: Image; lowest: number; highest: number }[]
}

export interface DrawnResult {
  name: string
  /** What the heat map shows. */
  shows: 'cam' | 'refined' | 'probability'
  heat: Image
  mask: Image
  /** Ids in the mask, background left out. */
  ids: number[]
  /** Mean IoU in this picture, over the classes that its mask or its ground truth has. */
  miou?: number
}

/** Maximum sides of stored pictures and of prompt maps, in pixels. Usual data sets have no larger pictures. */
const [MAX_SIDE, MAX_MAP_SIDE] = [640, 256]

/** Draws heat, masks and overlays of one picture. */
export async function drawPicture(picture: GalleryPicture, report: RunReport): Promise<DrawnPicture> {
  const { id, labels, labelSource, review, width, height, pixels, truth } = picture
  const shown = await shrink({ width, height, data: pixels }, MAX_SIDE)
  const maskOf = ({ data }: LabelMap): LabelMap => ({ ...shown, data: sample(data, picture, shown) })
  const results: DrawnResult[] = []
  for (const { name, cams, mask, refined, segmented } of picture.results) {
    const heat = sample(highest(cams, width * height), picture, shown)
    results.push({
      name,
      shows: segmented ? 'probability' : refined ? 'refined' : 'cam',
      heat: await photo(overHeat(shown, heat)),
      mask: await drawing(maskPixels(maskOf(mask), report.classes)),
      ids: [...new Set(mask.data)].filter((value) => value !== 0),
      miou: truth && agreement(mask, truth, report),
    })
  }
  const last = picture.results.at(-1)
  return {
    id,
    labels,
    labelSource,
    ...(review === undefined ? {} : { review }),
    image: await photo(shown),
    truth: truth && (await drawing(maskPixels(maskOf(truth), report.classes))),
    results,
    overlay: last && (await photo(overMask(shown, maskOf(last.mask), report.classes))),
    promptMaps: await promptMaps(picture.promptMaps, await shrink(shown, MAX_MAP_SIDE), report),
  }
}

/** The prompts' heat maps, from the lowest to the highest cosine that the class's prompt has in any picture. */
async function promptMaps(
  maps: GalleryPicture['promptMaps'],
  shown: Pixels,
  report: RunReport,
): Promise<DrawnPicture['promptMaps']> {
  return Promise.all(
    maps.map(async ({ classId, rows, columns, values }) => {
      const [low, high] = cosineRange(report, classId)
      const scaled = values.map((value) => (value - low) / (high - low))
      const heat = await enlarge({ rows, columns, values: scaled }, shown)
      const [ownLow, ownHigh] = extent([values])
      return { classId, heat: await photo(overHeat(shown, heat)), lowest: ownLow, highest: ownHigh }
    }),
  )
}

/** Lowest and highest cosine of a class's prompt over the whole gallery. */
export function cosineRange(report: RunReport, classId: number): [lowest: number, highest: number] {
  const maps = report.gallery.flatMap(({ promptMaps }) => promptMaps.filter((map) => map.classId === classId))
  return extent(maps.map(({ values }) => values))
}

function extent(lists: readonly Float32Array[]): [lowest: number, highest: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const list of lists) {
    for (const value of list) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  return [low, high]
}

function agreement(mask: LabelMap, truth: LabelMap, { classes }: RunReport): number {
  const counter = new ConfusionCounter([0, ...classes.map(({ id }) => id)])
  counter.add(mask, truth)
  return scores(counter.confusion()).miou
}
