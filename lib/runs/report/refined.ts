import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { ConfusionCounter } from '../../evaluate/confusion.js'
import { scores } from '../../evaluate/scores.js'
import { bestPoint } from '../../evaluate/sweep.js'
import type { LabelMap } from '../../masks/labelMap.js'
import type { RawImage } from '../../pictures/image.js'
import { meetsAll } from '../../refine/fatal.js'
import { resolveRefineOptions } from '../../refine/options.js'
import type { AblationRow } from '../../report/runReport.js'
import { type CamsToRefine, type RefinementOptions, refineCams } from '../refineCams.js'
import { labelledScores } from './ablationScorer.js'

/** Options of the row of refined masks. */
export interface RefineRowOptions extends RefinementOptions {
  /** Further background thresholds to evaluate, to find the best. Each takes as long as the one in use. */
  thresholds?: readonly number[]
}

/** CAMs of a picture and the pixel value of each map. */
export interface RowResult {
  cams: Float32Array
  classIds: number[]
  height: number
  width: number
}

/** The row of another row's CAMs after dense CRF or PAMR. */
export class RefinedRow {
  readonly name: string
  readonly description: string
  private readonly options: RefinementOptions
  private readonly counters: Map<number, ConfusionCounter>
  private pictures = 0
  private readonly failed: string[] = []

  constructor(
    private readonly classes: ClassTable,
    { thresholds = [], ...options }: RefineRowOptions,
    private readonly threshold: number,
    of: string,
  ) {
    // A wrong option is no fault of the pictures.
    resolveRefineOptions(options)
    const { method = 'crf', preset } = options
    this.name = `${of}+${method}`
    this.description = method === 'pamr' ? 'pixel-adaptive mask refinement' : `dense CRF, settings ${preset ?? 'voc'}`
    this.options = options
    const ids = idsWithBackground(classes)
    const all = [...new Set([...thresholds, threshold])].sort((one, other) => one - other)
    this.counters = new Map(all.map((each) => [each, new ConfusionCounter(ids)]))
  }

  /**
   * The refined mask at the threshold in use, with the refined scores in place of the CAMs; undefined where this picture
   * cannot be refined.
   */
  async refine(
    image: RawImage,
    { cams, classIds, height, width }: RowResult,
  ): Promise<(RowResult & { mask: LabelMap }) | undefined> {
    const refined = await this.refineAt(this.threshold, image, { cams, classIds, height, width }, true).catch(own)
    if (refined instanceof SemplesError) return undefined
    const pixels = image.height * image.width
    const values = refined.scores?.data as Float32Array
    const maps = new Float32Array(classIds.length * pixels)
    for (const [map, id] of classIds.entries()) {
      const label = refined.classes.indexOf(id)
      // A class without any score is not among the refined ones.
      if (label >= 0) maps.set(values.subarray(label * pixels, (label + 1) * pixels), map * pixels)
    }
    return { cams: maps, classIds, height: image.height, width: image.width, mask: refined.mask }
  }

  /** Scores a picture at every threshold. One that cannot be refined is left out of this row alone. */
  async add(image: RawImage, result: RowResult, truth: LabelMap, name: string): Promise<void> {
    const thresholds = [...this.counters.keys()]
    const masks = await Promise.all(
      thresholds.map((threshold) => this.refineAt(threshold, image, result, false)),
    ).catch(own)
    if (masks instanceof SemplesError) {
      this.failed.push(masks.message)
      return
    }
    for (const [index, { mask }] of masks.entries())
      this.counters.get(thresholds[index]!)!.add(mask, truth, { prediction: name, groundTruth: name })
    this.pictures++
  }

  /** Says which pictures the row lacks. */
  notices(): string[] {
    const { failed, name, pictures } = this
    return failed.length === 0
      ? []
      : [
          `${name} is judged on ${count(pictures, 'picture')}, not on all: ${failed.length} could not be refined; the first: ${failed[0]}`,
        ]
  }

  row(): AblationRow {
    const curve = [...this.counters].map(([threshold, counter]) => ({
      threshold,
      miou: scores(counter.confusion()).miou,
    }))
    const { name, description } = this
    const judged = labelledScores(this.classes, scores(this.counters.get(this.threshold)!.confusion()))
    return {
      name,
      description,
      ...judged,
      pictures: this.pictures,
      refined: true,
      ...(curve.length > 1 ? { curve, best: bestPoint(curve) } : {}),
    }
  }

  private refineAt(threshold: number, image: RawImage, result: CamsToRefine, withScores: boolean) {
    return refineCams(image, result, { ...this.options, threshold }, { withScores, threads: 1 })
  }
}

/** What is wrong with one picture; what all would meet, and an abort, end the report. */
function own(error: unknown): SemplesError {
  if (error instanceof SemplesError && !meetsAll(error)) return error
  throw error
}
