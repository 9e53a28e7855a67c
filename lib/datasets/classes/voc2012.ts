import { classTable } from './names.js'

/**
 * The 20 classes of PASCAL VOC 2012, ids 1..20. Labels are those of the annotation files; the second name,
 * where there is one, is what the SemPLeS paper's prompts say.
 */
export const voc2012Classes = classTable('voc2012', [
  'aeroplane',
  'bicycle',
  'bird',
  'boat',
  'bottle',
  'bus',
  'car',
  'cat',
  'chair',
  'cow',
  ['diningtable', 'dining table'],
  'dog',
  'horse',
  'motorbike',
  ['person', 'player'],
  ['pottedplant', 'potted plant'],
  'sheep',
  'sofa',
  'train',
  ['tvmonitor', 'tv monitor'],
])
