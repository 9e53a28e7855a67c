import { SemplesError } from '../base/error.js'
import { type CamOptions, camsOf, preparedPictures } from '../cam/picture.js'
import { idsOf, idsWithBackground } from '../datasets/classes/ids.js'
import type { Dataset } from '../datasets/dataset.js'
import { bestPoint, greedyPart, hundredths, SweepCounter, type SweepPoint } from '../evaluate/sweep.js'
import type { MaskGenerator } from '../models/maskGenerator.js'

/** Scale 1 and flip, as the published training evaluates. */
const SELECTION_CAMS: CamOptions = { scales: [1], flip: true, resample: 'exact' }

/**
 * mIoU of the generator's CAMs on pixel labels, at the best background threshold of 0.40..0.59: what `select: 'miou'`
 * compares epochs by.
 *
 * @param greedy stop at the first threshold that does not improve, as published
 * @throws SemplesError `SEMPLES_NO_MASKS` where no picture has pixel labels
 */
export async function selectionScore(
  generator: MaskGenerator,
  dataset: Dataset,
  greedy: boolean,
  signal?: AbortSignal,
): Promise<SweepPoint & { pictures: number }> {
  const ids = idsWithBackground(dataset.classes)
  const counter = new SweepCounter(ids, hundredths(40, 60))
  let pictures = 0
  for await (const picture of preparedPictures(dataset, dataset.items, SELECTION_CAMS, signal)) {
    const truth = await dataset.mask(picture.item)
    if (truth === undefined) continue
    const { cams, classes, height, width } = await camsOf(generator, picture, SELECTION_CAMS)
    const classIds = idsOf(dataset.classes, classes)
    counter.add({ cams, classIds, height, width }, truth, { prediction: picture.item.id, groundTruth: picture.item.id })
    pictures++
  }
  if (pictures === 0) throw noPixelLabels(dataset)
  const curve = counter.curve()
  return { ...bestPoint(greedy ? greedyPart(curve) : curve), pictures }
}

export function noPixelLabels({ name }: Pick<Dataset, 'name'>): SemplesError {
  return new SemplesError('SEMPLES_NO_MASKS', {
    message: `Epochs cannot be selected by mIoU: ${name} has no pixel labels.`,
    field: 'select',
    value: 'miou',
    hint: "Use select: 'last', which needs none.",
  })
}
