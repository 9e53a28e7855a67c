import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SemplesError } from '../base/error.js'
import type { DataSpec, FolderData } from '../config/data.js'

export interface DataFiles {
  /** Labels file and ground truth as the options of a command name them. */
  labels?: string
  masks?: string
  /** Which of the drawn scenes; the other kinds of data are split where they are opened. */
  split?: 'train' | 'val'
}

/**
 * Recognises a data set by its files: `annotations/instances_*.json` is COCO 2014; `ImageSets/` and `JPEGImages/`,
 * also in `VOC2012/` or `VOCdevkit/VOC2012/` within it, is PASCAL VOC 2012; scenes.json means drawn scenes, read as a
 * plain folder because they have fewer classes; anything else is a plain folder. In that, labels.csv, classes.json,
 * images/ and masks/ are found by their names, as `semples convert` writes them.
 *
 * @throws SemplesError `SEMPLES_FOLDER_MISSING`; `SEMPLES_OPTION_INVALID` for an option that the data has no use for
 */
export async function detectData(folder: string, { split = 'train', ...files }: DataFiles = {}): Promise<DataSpec> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new SemplesError('SEMPLES_FOLDER_MISSING', {
      message: `There is no folder ${folder}.`,
      file: folder,
      hint: 'Check the path; it is taken from the working directory.',
    })
  }
  const given = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined))
  const annotations = await readdir(join(folder, 'annotations')).catch(() => [])
  if (annotations.some((name) => /^instances_.*\.json$/.test(name))) {
    for (const option of Object.keys(given)) throw optionHasNoUse(option, folder)
    return { coco2014: folder }
  }
  if (existsSync(join(folder, 'scenes.json'))) return { ...drawnScenes(folder, split), ...given }
  const voc = ['', 'VOC2012', join('VOCdevkit', 'VOC2012')].map((inner) => join(folder, inner)).find(isVoc)
  return voc === undefined ? { ...plainFolder(folder), ...given } : { ...given, voc2012: voc }
}

function isVoc(folder: string): boolean {
  return existsSync(join(folder, 'ImageSets')) && existsSync(join(folder, 'JPEGImages'))
}

function drawnScenes(folder: string, split: 'train' | 'val'): FolderData {
  return {
    folder: join(folder, 'JPEGImages'),
    labels: join(folder, `${split}.csv`),
    classes: join(folder, 'classes.json'),
    masks: join(folder, 'SegmentationClass'),
  }
}

/** Without a labels.csv, the folders within it are classes and no name has a meaning of its own. */
function plainFolder(folder: string): FolderData {
  const labels = join(folder, 'labels.csv')
  if (!existsSync(labels)) return { folder }
  const inside = (name: string) => (existsSync(join(folder, name)) ? join(folder, name) : undefined)
  const [classes, masks] = [inside('classes.json'), inside('masks')]
  return {
    folder: inside('images') ?? folder,
    labels,
    ...(classes === undefined ? {} : { classes }),
    ...(masks === undefined ? {} : { masks }),
  }
}

function optionHasNoUse(option: string, folder: string): SemplesError {
  const name = option === 'masks' ? '--ground-truth' : `--${option}`
  return new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `${name} has no use here: ${folder} is COCO 2014, which has them in annotations/.`,
    hint: `Leave ${name} out. To use the pictures as a plain folder, name train2014 or val2014 within it.`,
  })
}
