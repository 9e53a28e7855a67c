import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { choice, path } from '../../base/fields.js'
import { builtInNames } from '../classes/builtIn.js'
import { folder, plainFolder } from '../folder.js'
import { datasetKind, type Split } from '../kind.js'
import { isHiddenName, isPictureName } from '../pictureNames.js'
import { shareFields } from '../shareFields.js'

const schema = z.strictObject({
  folder: path('Folder of pictures, with a labels file or one sub-folder a class.', 'a folder'),
  labels: path(
    'Labels file, CSV (file,labels; several labels separated by ;), JSON or cls_labels.npy, as a path or a name inside the folder.',
    'a CSV, JSON or .npy file',
    { path: 'if-there' },
  ).optional(),
  classes: path(
    'classes.json with ids, labels, prompts and colours, as a path or a name inside the folder; or voc2012, coco2014, coco2014-90. Default: the labels in alphabetical order.',
    'a JSON file, voc2012, coco2014 or coco2014-90',
    { path: 'if-there', words: builtInNames },
  ).optional(),
  masks: path('Folder with ground-truth masks, <picture>.png, opened by evaluation alone.', 'a folder').optional(),
  exif: choice(
    ['apply', 'ignore'],
    'What the masks are of: pictures turned by their EXIF orientation, as viewers show them, or as their rows are stored. Default: apply.',
  ).optional(),
  ...shareFields,
})

export type FolderData = z.input<typeof schema>

/** A folder of one's own pictures: every folder that no other kind recognises. */
export const folderKind = datasetKind({
  kind: 'folder',
  title: 'a folder of pictures',
  schema,
  hasPixelLabels: ({ masks }) => masks !== undefined,
  detect: async (root, split, files) => {
    if (existsSync(join(root, 'scenes.json'))) return scenes(root, split)
    const given = files?.labels
    return given === undefined || existsSync(join(root, 'labels.csv')) ? exported(root) : labelledBy(root, given)
  },
  hasSplits: ({ val }) => val !== undefined,
  open: (options, split) => folder(withSplit(options, split)),
  openUnlabelled: (options, classes, split) => plainFolder(withSplit(options, split), classes),
})

function withSplit(options: z.infer<typeof schema>, split: Split) {
  return options.val === undefined ? options : { ...options, split }
}

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
  return { folder: root, labels, ...beside(root) }
}

/**
 * With a labels file of another name or place, what lies beside `images/` has its meaning where the file does not name
 * that folder itself. A table of vectors needs the names of the classes.
 */
function labelledBy(root: string, labels: string): z.infer<typeof schema> {
  const file = [labels, join(root, labels)].find((name) => existsSync(name))
  const holdsPictures = readdirSync(root).some((name) => isPictureName(name) && !isHiddenName(name))
  if (existsSync(join(root, 'images')) && !holdsPictures && !namesImages(file)) return { folder: root, ...beside(root) }
  const { classes } = beside(root)
  return { folder: root, ...(classes !== undefined && /\.(npy|npz|pkl|pickle|pth?)$/i.test(labels) ? { classes } : {}) }
}

/** Whether a labels file has paths from the folder above `images/`, in any encoding. */
function namesImages(file: string | undefined): boolean {
  try {
    const text = file === undefined ? '' : readFileSync(file, 'latin1').replaceAll('\0', '')
    return /(^|[\s",;])(\.[\\/])?images[\\/]/m.test(text)
  } catch {
    return false
  }
}

/** What is beside a labels file, by the names that `semples convert` gives. */
function beside(root: string): Partial<z.infer<typeof schema>> {
  const inside = (name: string) => (existsSync(join(root, name)) ? join(root, name) : undefined)
  const [images, classes, masks] = [inside('images'), inside('classes.json'), inside('masks')]
  return {
    ...(images === undefined ? {} : { folder: images }),
    ...(classes === undefined ? {} : { classes }),
    ...(masks === undefined ? {} : { masks }),
  }
}
