import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import { ConfusionCounter } from '../../evaluate/confusion.js'
import { scores } from '../../evaluate/scores.js'
import type { LabelMap } from '../../masks/labelMap.js'
import type { Compute } from '../../models/devices.js'
import type { RawImage } from '../../pictures/image.js'
import type { AblationRow } from '../../report/runReport.js'
import type { Predictor } from '../predict/predictor.js'
import { segmenterPredictor } from '../predict/segmenterPredictor.js'
import type { PredictionOptions } from '../predict/types.js'
import { SEGMENTER_FOLDER, UPPER_BOUND_FOLDER } from '../segment/fromRun.js'
import { labelledScores } from './ablationScorer.js'
import { optionalPart } from './optionalPart.js'
import type { RowResult } from './refined.js'

/** Which segmentation models of a run are reported, and how their rows are called. */
const ROWS = [
  { folder: SEGMENTER_FOLDER, name: 'segmenter', description: 'segmentation model trained on the masks' },
  { folder: UPPER_BOUND_FOLDER, name: 'upper bound', description: 'the same model trained on ground truth' },
] as const

/** The masks of a segmentation model, which is told nothing of a picture. */
export class SegmentedRow implements Disposable {
  readonly name: string
  readonly description: string
  private readonly counter: ConfusionCounter
  private pictures = 0

  constructor(
    { name, description }: Pick<AblationRow, 'name' | 'description'>,
    private readonly model: Predictor,
    private readonly options: PredictionOptions = {},
  ) {
    this.name = name
    this.description = description
    this.counter = new ConfusionCounter(idsWithBackground(model.classes))
  }

  /**
   * The mask of a picture, and in place of CAMs the probability that a pixel is none of the background.
   * @param labels the only classes that the mask may hold; default: all
   */
  async segment(
    image: RawImage,
    name: string,
    labels?: readonly string[],
    signal = new AbortController().signal,
  ): Promise<RowResult & { mask: LabelMap }> {
    const { model, options } = this
    const settings = model.resolve({ ...options, ...(labels === undefined ? {} : { labels }) })
    const scales = await model.scale(image, settings, signal)
    const [finish] = await model.compute([{ picture: { name, image, scales }, settings, maps: 'present' }], signal)
    const { ids, maps } = await finish!(signal)
    const { width, height } = image
    // The background is always among the maps, and first.
    const background = maps!.data.subarray(0, width * height)
    const cams = Float32Array.from(background, (value) => 1 - value)
    return { cams, classIds: [], width, height, mask: { data: ids, width, height } }
  }

  async add(image: RawImage, truth: LabelMap, name: string, signal?: AbortSignal): Promise<void> {
    const { mask } = await this.segment(image, name, undefined, signal)
    this.counter.add(mask, truth, { prediction: name, groundTruth: name })
    this.pictures++
  }

  row(): AblationRow {
    const { name, description, pictures, model } = this
    return { name, description, ...labelledScores(model.classes, scores(this.counter.confusion())), pictures }
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]()
  }
}

/**
 * The segmentation models within the folder of a run. The caller disposes them.
 * @param options how they make masks; what is left out is theirs
 */
export async function openSegmented(
  run: RunDirectory,
  compute: Compute,
  notices: string[],
  options: PredictionOptions = {},
): Promise<SegmentedRow[]> {
  const rows: SegmentedRow[] = []
  for (const { folder, name, description } of ROWS) {
    const path = join(run.path, folder)
    if (!existsSync(join(path, 'run.json'))) continue
    const model = await optionalPart(`The ${name} is missing`, notices, async () =>
      segmenterPredictor(await RunDirectory.open(path), compute),
    )
    const refined = options.refine === undefined ? '' : ', masks refined as above'
    if (model !== undefined)
      rows.push(new SegmentedRow({ name, description: `${description}${refined}` }, model, options))
  }
  return rows
}
