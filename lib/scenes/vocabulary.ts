import type { ClassTable } from '../datasets/dataset.js'

/** Names of the backgrounds, in captions and pictures. */
export const BACKGROUNDS = [
  'rails',
  'water',
  'leaves',
  'grass',
  'clouds',
  'road',
  'sand',
  'snow',
  'bricks',
  'wood',
] as const
export type Background = (typeof BACKGROUNDS)[number]

/** The scenes' objects. Class i is usually seen on `BACKGROUNDS[i]`: the co-occurrence that weak labels suffer from. */
export const OBJECTS = ['train', 'boat', 'bird', 'cow', 'airplane', 'car'] as const
export type ObjectName = (typeof OBJECTS)[number]

/** Ids and colours are those of PASCAL VOC 2012, where all six exist, so that written scenes open as VOC. */
export const SCENE_CLASSES: ClassTable = {
  name: 'scenes',
  classes: [
    { id: 19, label: 'train', prompt: 'train', color: [128, 192, 0] },
    { id: 4, label: 'boat', prompt: 'boat', color: [0, 0, 128] },
    { id: 3, label: 'bird', prompt: 'bird', color: [128, 128, 0] },
    { id: 10, label: 'cow', prompt: 'cow', color: [64, 128, 0] },
    { id: 1, label: 'airplane', prompt: 'airplane', color: [128, 0, 0] },
    { id: 7, label: 'car', prompt: 'car', color: [128, 128, 128] },
  ],
}
