import { join } from 'node:path'
import { writeAtomic } from '../../base/atomic.js'
import { mapOrdered } from '../../base/mapOrdered.js'
import { itemProgress, type OnProgress } from '../../base/progress.js'
import { overlayJpeg } from '../../cam/overlay.js'
import { type PictureFiles, writePicture } from '../../cam/writePicture.js'
import { maskPalette } from '../../masks/palette.js'
import { readMask } from '../../masks/png.js'
import { decodeImage } from '../../pictures/decode.js'
import type { MasksFolder } from '../masksFolder.js'
import type { PictureFile } from './pictures.js'
import type { Predictor } from './predictor.js'
import { type PredictedPicture, predictPicture } from './predictPicture.js'
import { PredictionQueue } from './queue.js'

export interface WritePredictionsOptions {
  predictor: Predictor
  settings: object
  folder: MasksFolder
  items: readonly PictureFile[]
  orientation: 'exif' | 'stored'
  beside: { scores: 'npy' | 'npz' | undefined; overlay: boolean }
  onProgress: OnProgress | undefined
  signal: AbortSignal | undefined
}

/**
 * Makes and writes the masks that are not finished yet, each while the model works on the next.
 * @returns how many were finished
 */
export async function writePredictions(options: WritePredictionsOptions): Promise<number> {
  const { predictor, settings, folder, items, orientation, beside, onProgress, signal } = options
  const rest = items.filter(({ id }) => !folder.isDone(id))
  const bare = items.filter(({ id }) => folder.isDone(id) && folder.lacksOverlay(id))
  const total = bare.length + rest.length
  const progress = itemProgress('masks')
  let done = 0
  for (const item of bare) {
    signal?.throwIfAborted()
    await drawOverlay(item, options)
    onProgress?.(progress(++done, total))
  }
  const queue = new PredictionQueue(predictor)
  const maps = beside.scores === undefined ? ('none' as const) : ('present' as const)
  const predict = async (item: PictureFile, _: number, own: AbortSignal) => ({
    item,
    made: await predictPicture(item.image, { predictor, queue, settings, maps, orientation, signal: own }),
  })
  for await (const { item, made } of mapOrdered(rest, predict, () => queue.wanted, signal)) {
    await write(item, made, options)
    onProgress?.(progress(++done, total))
  }
  return items.length - rest.length
}

async function write(
  { id }: PictureFile,
  { image, prediction, maps }: PredictedPicture,
  { predictor, folder, orientation, beside }: WritePredictionsOptions,
): Promise<void> {
  const { mask: data, width, height, labels } = prediction
  await folder.begin(id)
  await folder.recordLabels(id, rounded(labels))
  const at = (name: string) => join(folder.path, name)
  const files: PictureFiles = {
    mask: at(`${id}.png`),
    ...(beside.scores === undefined ? {} : { [beside.scores]: at(`${id}.${beside.scores}`) }),
    ...(beside.overlay ? { overlay: at(`overlays/${id}.jpg`) } : {}),
  }
  await writePicture({
    mask: { data, width, height },
    palette: maskPalette(predictor.classes.classes),
    orientation: orientation === 'exif' ? 'applied' : 'stored',
    files,
    cams: { cams: maps?.data ?? new Float32Array(0), classes: [], height, width },
    classIds: maps?.classIds ?? [],
    image,
  })
}

/** The overlay of a mask that an earlier call finished. */
async function drawOverlay({ id, image }: PictureFile, options: WritePredictionsOptions): Promise<void> {
  const { predictor, folder, orientation } = options
  const mask = await readMask(join(folder.path, `${id}.png`))
  await folder.begin(id)
  const picture = await decodeImage(image, { orientation })
  const jpeg = await overlayJpeg(picture, mask, maskPalette(predictor.classes.classes))
  await writeAtomic(join(folder.path, `overlays/${id}.jpg`), jpeg)
}

/** To six digits: a pixel in a million. */
function rounded(shares: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(shares).map(([label, share]) => [label, Math.round(1e6 * share) / 1e6]))
}
