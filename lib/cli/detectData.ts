import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataSpec } from '../config/data.js'
import { SemplesError } from '../config/error.js'

/**
 * Recognises a data set by its folders: `annotations/instances_*.json` is COCO 2014; `ImageSets/` and `JPEGImages/`,
 * also in `VOC2012/` or `VOCdevkit/VOC2012/` within it, is PASCAL VOC 2012; anything else is a plain folder.
 *
 * @param files labels file and class table as the options of a command name them
 * @throws SemplesError `SEMPLES_FOLDER_MISSING`
 */
export async function detectData(folder: string, files: { labels?: string; classes?: string } = {}): Promise<DataSpec> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new SemplesError('SEMPLES_FOLDER_MISSING', {
      message: `There is no folder ${folder}.`,
      file: folder,
      hint: 'Check the path; it is taken from the working directory.',
    })
  }
  const given = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined))
  const annotations = await readdir(join(folder, 'annotations')).catch(() => [])
  if (annotations.some((name) => /^instances_.*\.json$/.test(name))) return { ...given, coco2014: folder }
  const voc = ['', 'VOC2012', join('VOCdevkit', 'VOC2012')].map((inner) => join(folder, inner)).find(isVoc)
  return voc === undefined ? { ...given, folder } : { ...given, voc2012: voc }
}

function isVoc(folder: string): boolean {
  return existsSync(join(folder, 'ImageSets')) && existsSync(join(folder, 'JPEGImages'))
}
