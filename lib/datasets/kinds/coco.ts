import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { choice, path } from '../../base/fields.js'
import { coco } from '../coco.js'
import { partOfDataset } from '../folder/part.js'
import { datasetKind, type Split } from '../kind.js'
import { shareFields } from '../shareFields.js'

/** A COCO JSON with categories of its own: exports of CVAT, Roboflow, Label Studio; also COCO 2017, file by file. */
export const cocoKind = datasetKind({
  kind: 'coco',
  title: 'a COCO JSON',
  schema: z.strictObject({
    coco: path('COCO JSON with categories of its own, as CVAT, Roboflow and Label Studio export it.', 'a JSON file'),
    images: path(
      'Folder of its pictures. Default: beside the file or one folder up, where such exports have them.',
      'a folder',
    ).optional(),
    crowd: choice(['class', 'void'], 'What crowd regions become in masks: their class, or void (255).').default(
      'class',
    ),
    exif: choice(
      ['apply', 'ignore'],
      'What outlines are of where the sizes in the file do not tell: pictures turned by their EXIF orientation, or as their rows are stored. Default: apply.',
    ).optional(),
    ...shareFields,
  }),
  hasSplits: ({ val }) => val !== undefined,
  detect: async (folder, split) => {
    const file = await annotationsIn(folder, split)
    return file === undefined ? undefined : { coco: file }
  },
  detectFile: (file) => (/\.json$/i.test(file) ? { coco: file } : undefined),
  open: async ({ coco: annotations, val, valSeed, ...rest }, split) =>
    partOfDataset(await coco({ annotations, ...rest }), { val, valSeed, split }),
})

const ROBOFLOW = '_annotations.coco.json'

/** Roboflow's file, in the folder or in that of its split; CVAT's instances_default.json, or that of the split. */
async function annotationsIn(folder: string, split: Split): Promise<string | undefined> {
  const isIn = async (place: string) => (await names(place)).includes(ROBOFLOW)
  if (await isIn(folder)) return join(folder, ROBOFLOW)
  for (const place of split === 'train' ? ['train'] : ['valid', 'val'])
    if (await isIn(join(folder, place))) return join(folder, place, ROBOFLOW)
  const files = (await names(join(folder, 'annotations'))).filter((name) => /^instances_.*\.json$/i.test(name))
  // COCO 2014, which has its own kind.
  if (files.some((name) => /^instances_(train|val)2014\.json$/.test(name))) return undefined
  const ofSplit = files.filter((name) => name.slice('instances_'.length).toLowerCase().startsWith(split))
  const found = files.length === 1 ? files[0] : ofSplit.length === 1 ? ofSplit[0] : undefined
  return found === undefined ? undefined : join(folder, 'annotations', found)
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
