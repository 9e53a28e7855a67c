import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { choice, path } from '../../base/fields.js'
import { folder, plainFolder } from '../folder.js'
import { datasetKind, type Split } from '../kind.js'

const schema = z.strictObject({
  folder: path('Folder of pictures, with a labels file or one sub-folder a class.', 'a folder'),
  labels: path(
    'Labels file, CSV (file,labels; several labels separated by ;) or JSON, as a path or a name inside the folder.',
    'a CSV or JSON file',
    { path: 'if-there' },
  ).optional(),
  classes: path(
    'classes.json with ids, labels, prompts and colours, as a path or a name inside the folder. Default: the labels in alphabetical order.',
    'a JSON file',
    { path: 'if-there' },
  ).optional(),
  masks: path('Folder with ground-truth masks, <picture>.png, opened by evaluation alone.', 'a folder').optional(),
  exif: choice(
    ['apply', 'ignore'],
    'What the masks are of: pictures turned by their EXIF orientation, as viewers show them, or as their rows are stored. Default: apply.',
  ).optional(),
})

export type FolderData = z.input<typeof schema>

/** A folder of one's own pictures: every folder that no other kind recognises. */
export const folderKind = datasetKind({
  kind: 'folder',
  title: 'a folder of pictures',
  schema,
  hasPixelLabels: ({ masks }) => masks !== undefined,
  detect: async (root, split) => (existsSync(join(root, 'scenes.json')) ? scenes(root, split) : exported(root)),
  open: folder,
  openUnlabelled: plainFolder,
})

/** Drawn scenes lie as VOC 2012, of which they have only some classes. */
function scenes(root: string, split: Split): z.infer<typeof schema> {
  return {
    folder: join(root, 'JPEGImages'),
    labels: join(root, `${split}.csv`),
    classes: join(root, 'classes.json'),
    masks: join(root, 'SegmentationClass'),
  }
}

/**
 * With a labels.csv, as `semples convert` writes it, the names beside it have their meaning too. Without one the
 * folders within it are classes, and no name has a meaning of its own.
 */
function exported(root: string): z.infer<typeof schema> {
  const labels = join(root, 'labels.csv')
  if (!existsSync(labels)) return { folder: root }
  const inside = (name: string) => (existsSync(join(root, name)) ? join(root, name) : undefined)
  const [classes, masks] = [inside('classes.json'), inside('masks')]
  return {
    folder: inside('images') ?? root,
    labels,
    ...(classes === undefined ? {} : { classes }),
    ...(masks === undefined ? {} : { masks }),
  }
}
