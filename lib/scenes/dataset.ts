import path from 'node:path'
import type { Dataset } from '../datasets/dataset.js'
import { folder } from '../datasets/folder.js'
import { type WriteScenesOptions, writeScenes } from './write.js'

export interface ScenesDatasetOptions extends WriteScenesOptions {
  split: 'train' | 'val'
}

/**
 * The scenes as a data set: written to `out` the first time (see `writeScenes`), opened from there afterwards.
 * Masks are the drawn ones, exact to the pixel.
 */
export async function scenesDataset({ split, ...options }: ScenesDatasetOptions): Promise<Dataset> {
  await writeScenes(options)
  const opened = await folder({
    folder: path.join(options.out, 'JPEGImages'),
    labels: path.join(options.out, `${split}.csv`),
    classes: path.join(options.out, 'classes.json'),
    masks: path.join(options.out, 'SegmentationClass'),
  })
  // The folder reader warns of pictures that the labels file leaves out: here those of the other split, on purpose.
  return { ...opened, name: `scenes ${split}`, orientation: 'stored', warnings: [] }
}
