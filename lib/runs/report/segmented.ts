import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { ConfusionCounter } from '../../evaluate/confusion.js'
import { scores } from '../../evaluate/scores.js'
import type { LabelMap } from '../../masks/labelMap.js'
import type { RawImage } from '../../pictures/image.js'
import type { AblationRow } from '../../report/runReport.js'
import { scaledPictures } from '../../segment/scales.js'
import { SEGMENTER_FOLDER, UPPER_BOUND_FOLDER } from '../segment/fromRun.js'
import { openSegmenter, type TrainedSegmenter } from '../segment/trainedSegmenter.js'
import { labelledScores } from './ablationScorer.js'
import { optionalPart } from './optionalPart.js'
import type { RowResult } from './refined.js'

/** Which segmentation models of a run are reported, and how their rows are called. */
const ROWS = [
  {
    folder: SEGMENTER_FOLDER,
    name: 'segmenter',
    description: 'segmentation model trained on the masks; told no labels',
  },
  {
    folder: UPPER_BOUND_FOLDER,
    name: 'upper bound',
    description: 'the same model trained on ground truth; told no labels',
  },
] as const

/** The masks of a segmentation model, which is told nothing of a picture. */
export class SegmentedRow implements Disposable {
  readonly name: string
  readonly description: string
  private readonly ids: readonly number[]
  private readonly counter: ConfusionCounter
  private pictures = 0

  constructor(
    { name, description }: Pick<AblationRow, 'name' | 'description'>,
    private readonly classes: ClassTable,
    private readonly model: TrainedSegmenter,
  ) {
    this.name = name
    this.description = description
    this.ids = idsWithBackground(classes)
    this.counter = new ConfusionCounter(this.ids)
  }

  /**
   * The mask of a picture, and in place of CAMs the probability that a pixel is none of the background.
   * @param among indices of the classes that a pixel may be, beside the background; default: all
   */
  async segment(
    image: RawImage,
    { among }: { among?: readonly number[] } = {},
  ): Promise<RowResult & { mask: LabelMap }> {
    const { segmenter, config } = this.model
    const { side: _, scales: __, ...rules } = config.predict
    const { width, height } = image
    const { labels, probabilities } = await segmenter.predict({
      ...rules,
      scales: await scaledPictures(image, config.predict),
      width,
      height,
      probabilities: true,
    })
    const pixels = width * height
    const background = (probabilities!.data as Float32Array).subarray(0, pixels)
    const chosen =
      among === undefined
        ? (labels!.data as Uint8Array)
        : highestOf(probabilities!.data as Float32Array, pixels, [0, ...among.map((index) => index + 1)])
    const mask = Uint8Array.from(chosen, (label) => this.ids[label]!)
    return {
      cams: Float32Array.from(background, (value) => 1 - value),
      classIds: [],
      width,
      height,
      mask: { data: mask, width, height },
    }
  }

  async add(image: RawImage, truth: LabelMap, name: string): Promise<void> {
    const { mask } = await this.segment(image)
    this.counter.add(mask, truth, { prediction: name, groundTruth: name })
    this.pictures++
  }

  row(): AblationRow {
    const { name, description, pictures } = this
    return { name, description, ...labelledScores(this.classes, scores(this.counter.confusion())), pictures }
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]()
  }
}

/** Of some maps, each of so many pixels, the index of the highest at each pixel; the first of equal ones. */
function highestOf(maps: Float32Array, pixels: number, indices: readonly number[]): Uint8Array {
  const highest = new Uint8Array(pixels)
  for (let at = 0; at < pixels; at++)
    highest[at] = indices.reduce((one, other) => (maps[other * pixels + at]! > maps[one * pixels + at]! ? other : one))
  return highest
}

/** The segmentation models within the folder of a run. The caller disposes them. */
export async function openSegmented(
  run: RunDirectory,
  classes: ClassTable,
  device: string,
  notices: string[],
): Promise<SegmentedRow[]> {
  const rows: SegmentedRow[] = []
  for (const { folder, ...row } of ROWS) {
    const path = join(run.path, folder)
    if (!existsSync(join(path, 'run.json'))) continue
    const model = await optionalPart(`The ${row.name} is missing`, notices, async () =>
      openSegmenter(await RunDirectory.open(path), device),
    )
    if (model !== undefined) rows.push(new SegmentedRow(row, classes, model))
  }
  return rows
}
