import type { ClassTable } from '../dataset.js'
import { classTable } from './names.js'

/** Names of COCO category ids 1..90, in that order. Ten of them were never annotated (`UNUSED_CATEGORY_IDS`). */
const CATEGORY_NAMES = [
  'person',
  'bicycle',
  'car',
  'motorcycle',
  'airplane',
  'bus',
  'train',
  'truck',
  'boat',
  'traffic light',
  'fire hydrant',
  'street sign',
  'stop sign',
  'parking meter',
  'bench',
  'bird',
  'cat',
  'dog',
  'horse',
  'sheep',
  'cow',
  'elephant',
  'bear',
  'zebra',
  'giraffe',
  'hat',
  'backpack',
  'umbrella',
  'shoe',
  'eye glasses',
  'handbag',
  'tie',
  'suitcase',
  'frisbee',
  'skis',
  'snowboard',
  'sports ball',
  'kite',
  'baseball bat',
  'baseball glove',
  'skateboard',
  'surfboard',
  'tennis racket',
  'bottle',
  'plate',
  'wine glass',
  'cup',
  'fork',
  'knife',
  'spoon',
  'bowl',
  'banana',
  'apple',
  'sandwich',
  'orange',
  'broccoli',
  'carrot',
  'hot dog',
  'pizza',
  'donut',
  'cake',
  'chair',
  'couch',
  'potted plant',
  'bed',
  'mirror',
  'dining table',
  'window',
  'desk',
  'toilet',
  'door',
  'tv',
  'laptop',
  'mouse',
  'remote',
  'keyboard',
  'cell phone',
  'microwave',
  'oven',
  'toaster',
  'sink',
  'refrigerator',
  'blender',
  'book',
  'clock',
  'vase',
  'scissors',
  'teddy bear',
  'hair drier',
  'toothbrush',
]

/** Categories that COCO lists but never annotated: street sign, hat, shoe, ..., blender. */
const UNUSED_CATEGORY_IDS: ReadonlySet<number> = new Set([12, 26, 29, 30, 45, 66, 68, 69, 71, 83])

/** COCO category ids (1..90, with gaps) of the 80 annotated classes; position = contiguous id - 1. */
export const COCO_CATEGORY_IDS: readonly number[] = CATEGORY_NAMES.map((_, index) => index + 1).filter(
  (categoryId) => !UNUSED_CATEGORY_IDS.has(categoryId),
)

/** The 80 annotated classes of COCO 2014 with contiguous ids 1..80, in the order of their category ids. */
export const coco2014Classes = classTable(
  'coco2014',
  COCO_CATEGORY_IDS.map((categoryId) => CATEGORY_NAMES[categoryId - 1]!),
)

/** All 90 names; the id is the COCO category id. The layout of published COCO checkpoints (C = 90). */
export const coco2014Classes90 = classTable('coco2014-90', CATEGORY_NAMES)

/**
 * Index of a COCO category id in a COCO class table (`ClassTable.classes`), or undefined for an id that is no category.
 */
export function cocoClassIndex(table: ClassTable, categoryId: number): number | undefined {
  if (table.classes.length === CATEGORY_NAMES.length) {
    return CATEGORY_NAMES[categoryId - 1] === undefined ? undefined : categoryId - 1
  }
  const index = COCO_CATEGORY_IDS.indexOf(categoryId)
  return index < 0 ? undefined : index
}
