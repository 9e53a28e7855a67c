import type { MaskModel } from '../runs/predict/maskModel.js'
import type { PredictMasksOptions, PredictMasksResult } from '../runs/predict/predictMasks.js'
import type { LoadRunOptions } from '../runs/predict/types.js'

/**
 * Loads the model of a run, for masks of any picture in memory: its segmentation model (`trainSegmenter`), also where that
 * is within the run of mask generators, or, where there is none, the mask generator with labels that it predicts.
 *
 * @param dir folder of the run
 * @returns a model with `predict`, `predictAll` and `overlay`, to be disposed of (`using`, or `dispose()`)
 * @throws SemplesError `SEMPLES_RUN_MISSING`, `SEMPLES_RUN_INVALID`, `SEMPLES_RUN_KIND`, `SEMPLES_STAGE_MISSING` (nothing is
 *   trained yet), `SEMPLES_DEVICE_UNAVAILABLE`, and what loading addon and weights throws
 * @example
 * import { readdir } from 'node:fs/promises'
 * import { loadRun, writeMask } from 'semples'
 *
 * const model = await loadRun('runs/boats')
 * const { mask, width, height, labels } = await model.predict('new-photos/canal-2.jpg')
 * await writeMask('canal-2.png', { data: mask, width, height })
 * console.log(`${width} x ${height}, ${(100 * (labels.boat ?? 0)).toFixed(1)} % boat`) // e.g. 500 x 375, 31.2 % boat
 *
 * // Many pictures, or frames of a video as { data, width, height }, with the next ones prepared meanwhile.
 * const photos = (await readdir('new-photos')).map((name) => `new-photos/${name}`)
 * for await (const { file, labels } of model.predictAll(photos)) {
 *   console.log(`${file}: classes ${Object.keys(labels).length}`) // e.g. new-photos/canal-2.jpg: classes 2
 * }
 * model.dispose()
 */
export async function loadRun(dir: string, options: LoadRunOptions = {}): Promise<MaskModel> {
  return (await import('../runs/predict/loadRun.js')).loadRun(dir, options)
}

/**
 * Makes the masks of pictures with the model of a run (see `loadRun`) in a folder: palette PNGs whose pixel values are class
 * ids, which `evaluate`, `exportMasks` and `refineMasks` take as they are.
 *
 * @throws SemplesError as `loadRun`; `SEMPLES_NO_PICTURES`, `SEMPLES_FILE_UNREADABLE`, `SEMPLES_IMAGE_UNREADABLE`,
 *   `SEMPLES_NAME_INVALID` for two pictures whose masks would have one name, `SEMPLES_CLASS_UNKNOWN`,
 *   `SEMPLES_OUTPUT_EXISTS` where a file of `out` would be written over, or masks of other settings or pictures are there,
 *   `SEMPLES_MEMORY_LIMIT`, `SEMPLES_WRITE_FAILED`, and what opening data throws; the reason of `signal`
 * @example
 * import { predictMasks } from 'semples'
 *
 * const { found } = await predictMasks({ run: 'runs/boats', pictures: 'new-photos', out: 'predictions' })
 * for (const [name, labels] of Object.entries(found)) {
 *   console.log(`${name}: ${(100 * (labels.boat ?? 0)).toFixed(1)} % boat`) // e.g. canal-2: 31.2 % boat
 * }
 */
export async function predictMasks(options: PredictMasksOptions): Promise<PredictMasksResult> {
  return (await import('../runs/predict/predictMasks.js')).predictMasks(options)
}
