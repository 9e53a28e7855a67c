import { runInSlices } from '../../base/cooperative.js'
import { type CamOptions, camsOf, type PreparedPicture } from '../../cam/picture.js'
import { idsOf } from '../../datasets/classes/ids.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { maskSteps } from '../../masks/threshold.js'
import type { MaskGenerator } from '../../models/maskGenerator.js'
import { mirrorImage } from '../../pictures/mirror.js'

/** Masks of the same picture, each of one pass of the generator. */
export interface ViewMasks {
  /** Of the picture at each scale alone. */
  scales: LabelMap[]
  /** Of its mirror image at the first scale, mirrored back. */
  mirrored: LabelMap
}

export interface ViewOptions {
  cams: CamOptions
  classes: ClassTable
  /** Background threshold. */
  threshold: number
}

/** Looks at a picture again, in single passes: none for a picture without a label. */
export async function viewMasks(
  generator: MaskGenerator,
  picture: PreparedPicture,
  { cams, classes, threshold }: ViewOptions,
): Promise<ViewMasks | undefined> {
  if (picture.item.labels.length === 0) return undefined
  const view = async (scale: PreparedPicture['scales'][number]): Promise<LabelMap> => {
    const maps = await camsOf(generator, { ...picture, scales: [scale] }, { ...cams, flip: false })
    return runInSlices(maskSteps({ ...maps, classIds: idsOf(classes, maps.classes), threshold }))
  }
  const scales: LabelMap[] = []
  for (const scale of picture.scales) scales.push(await view(scale))
  return { scales, mirrored: mirrorRows(await view(await mirrorImage(picture.scales[0]!))) }
}

/** In place: the mask is nobody else's. */
function mirrorRows(mask: LabelMap): LabelMap {
  const { data, width } = mask
  for (let start = 0; start < data.length; start += width) data.subarray(start, start + width).reverse()
  return mask
}
