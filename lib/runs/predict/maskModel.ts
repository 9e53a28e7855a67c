import { SemplesError } from '../../base/error.js'
import { mapOrdered } from '../../base/mapOrdered.js'
import { overlayJpeg } from '../../cam/overlay.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { maskPalette } from '../../masks/palette.js'
import { pixelsOf } from '../../refine/image.js'
import type { FinishMask, Predictor, PredictorJob } from './predictor.js'
import { mapsByLabel, predictPicture } from './predictPicture.js'
import { PredictionQueue } from './queue.js'
import type { ModelKind, NumberedPrediction, PredictInput, Prediction, PredictionOptions } from './types.js'

/**
 * The model of a run in memory, as `loadRun` gives it. Calls may overlap: they are answered in their order, while
 * the next picture is decoded and resized. Small pictures that wait with equal settings are computed together, up to four,
 * as long as their windows fit into `atOnce` (segmentation models). At most three pictures are in work, nine of small ones,
 * and the others wait with their copies of bytes and pixels.
 */
export class MaskModel implements Disposable {
  private readonly queue: PredictionQueue<PredictorJob, FinishMask>
  private ended = false

  /** @param end is called when the model is disposed of */
  constructor(
    private readonly predictor: Predictor,
    private readonly end: () => void,
  ) {
    this.queue = new PredictionQueue(predictor)
  }

  /** What makes the masks. */
  get kind(): ModelKind {
    return this.predictor.kind
  }

  /** Folder of the run whose weights these are: of a segmentation model that was trained on a run, the one within it. */
  get run(): string {
    return this.predictor.path
  }

  /** The classes that masks may hold, with their ids (pixel values) and colours. */
  get classes(): ClassTable {
    return this.predictor.classes
  }

  /** What may make the masks other than meant. */
  get warnings(): readonly string[] {
    return this.predictor.warnings
  }

  get disposed(): boolean {
    return this.ended
  }

  /**
   * The mask of a picture of any size, at its size.
   *
   * @param image a path, the bytes of a picture file, or pixels; bytes and pixels are copied during the call
   * @throws SemplesError `SEMPLES_IMAGE_UNREADABLE`, `SEMPLES_ARGUMENT_INVALID` for pixels that do not fit their size,
   *   `SEMPLES_CLASS_UNKNOWN`, `SEMPLES_CONFIG_INVALID`, `SEMPLES_CONFIG_UNKNOWN`, `SEMPLES_OPTION_INVALID` (of the other
   *   kind of model), `SEMPLES_IMAGE_TOO_SMALL` (of generators), `SEMPLES_MEMORY_LIMIT` (of `refine`), `SEMPLES_DISPOSED`;
   *   the reason of `signal`
   */
  async predict(image: PredictInput, options: PredictionOptions = {}): Promise<Prediction> {
    return this.predictNamed(image, options)
  }

  /**
   * Masks of pictures one after another, in their order: of files, bytes, or frames of a video. At most two are worked on
   * ahead of the one that is in use, eight where small pictures are computed together, so that a slow loop holds up the
   * source; leaving the loop ends the work.
   *
   * @throws SemplesError as `predict`, naming the picture by its path, or by its place counted from 0
   */
  async *predictAll(
    images: Iterable<PredictInput> | AsyncIterable<PredictInput>,
    options: PredictionOptions = {},
  ): AsyncGenerator<NumberedPrediction, void, undefined> {
    const { signal, ...rest } = options
    // Wrong options are told before a picture is asked for.
    this.predictor.resolve(rest)
    const predict = async (image: PredictInput, index: number, own: AbortSignal): Promise<NumberedPrediction> => {
      const name = typeof image === 'string' ? image : `${index}`
      const prediction = await this.predictNamed(image, { ...rest, signal: own }, name)
      return { index, ...(typeof image === 'string' ? { file: image } : {}), ...prediction }
    }
    yield* mapOrdered(images, predict, () => this.queue.wanted, signal)
  }

  /**
   * A JPEG of the picture with the colours of its mask over it; the background is as it was.
   *
   * @param image the picture that the mask was made of
   * @throws SemplesError `SEMPLES_MASK_SIZE` for the mask of another picture, and what reading the picture throws
   */
  async overlay(
    image: PredictInput,
    { mask, width, height }: Pick<Prediction, 'mask' | 'width' | 'height'>,
    { exif = 'apply' }: Pick<PredictionOptions, 'exif'> = {},
  ): Promise<Uint8Array> {
    const pixels = await pixelsOf(image, exif === 'apply' ? 'exif' : 'stored')
    if (pixels.width !== width || pixels.height !== height || mask.length !== width * height)
      throw new SemplesError('SEMPLES_MASK_SIZE', {
        message: 'The mask does not have the size of the picture.',
        field: 'mask',
        value: `${width}x${height}, ${mask.length} pixels`,
        expected: `${pixels.width}x${pixels.height}`,
      })
    return overlayJpeg(pixels, { data: mask, width, height }, maskPalette(this.classes.classes))
  }

  /** Frees the model. What waits or runs, and every later call, is refused with `SEMPLES_DISPOSED`. Twice is fine. */
  dispose(): void {
    if (this.ended) return
    this.ended = true
    this.queue.close(disposed())
    this.predictor[Symbol.dispose]()
    this.end()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  private async predictNamed(image: PredictInput, options: PredictionOptions, name?: string): Promise<Prediction> {
    const { probabilities, exif, signal } = options
    const { prediction, maps } = await predictPicture(image, {
      predictor: this.predictor,
      queue: this.queue,
      settings: this.predictor.resolve(options),
      maps: probabilities ? 'all' : 'none',
      orientation: exif === 'ignore' ? 'stored' : 'exif',
      ...(name === undefined ? {} : { name }),
      signal,
    })
    return { ...prediction, ...(probabilities ? { probabilities: mapsByLabel(maps!, this.classes) } : {}) }
  }
}

function disposed(): SemplesError {
  return new SemplesError('SEMPLES_DISPOSED', {
    message: 'The model was used after dispose().',
    hint: 'Load it again: loadRun(run).',
  })
}
