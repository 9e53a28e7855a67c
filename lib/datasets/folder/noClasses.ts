import path from 'node:path'
import { count, listed, oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { knownLabels } from '../classes/builtIn.js'
import type { ClassTable } from '../dataset.js'
import { isPictureName } from '../pictureNames.js'
import { dataSetsWithin, giveLabels } from './dataSets.js'
import { BACKGROUND_FOLDER, type ClassPicture } from './folderPicture.js'
import { isBackgroundName, isMaskFolderName, isPicturesFolderName, isSplitFolderName } from './usualNames.js'

/**
 * Refuses folders whose names are certainly no classes: pictures and masks of a data set without its labels, and parts of
 * a data set with the class folders inside.
 *
 * @param classes labels of the class table: such a folder is a class
 * @param masksFound there are masks beside the folders
 * @param files what lies beside them
 * @throws SemplesError `SEMPLES_NO_LABELS`
 */
export function requireClassNames(
  root: string,
  pictures: readonly ClassPicture[],
  classes: ReadonlySet<string>,
  masksFound: boolean,
  files: readonly string[] = [],
): void {
  const folders = [...new Set(pictures.map(({ folder }) => folder))]
  if (folders.length === 0 || folders.some((folder) => classes.has(folder))) return
  const [images, masks] = [folders.filter(isPicturesFolderName), folders.filter(isMaskFolderName)]
  if (images.length > 0 && images.length + masks.length === folders.length) {
    const found = [...images, ...masks].join(' and ')
    throw new SemplesError('SEMPLES_NO_LABELS', {
      message: `${found} in ${root} ${folders.length === 1 && !masksFound ? 'is no name of a class' : `look${folders.length === 1 ? 's' : ''} like pictures${masks.length > 0 || masksFound ? ' and masks' : ''} of a data set whose labels are missing`}.`,
      file: root,
      hint:
        giveLabels(files) ??
        `Put a labels.csv into ${root} (file,labels), give it with labels (--labels FILE), or make one sub-folder a class.`,
    })
  }
  const within = pictures.every(({ file }) => file.includes('/'))
  if (folders.every(isSplitFolderName) && (folders.length > 1 || within)) {
    throw new SemplesError('SEMPLES_NO_LABELS', {
      message: `${folders.join(' and ')} in ${root} look like parts of a data set, not like classes.`,
      file: root,
      hint: within
        ? `Name the part to use, whose folders are the classes: --data ${root}/${folders[0]}`
        : 'Give a labels file (--labels FILE), or make one sub-folder a class.',
    })
  }
}

/**
 * Refuses folders that hold a data set or class folders instead of the pictures of a class: the folder that was named is one
 * too high.
 *
 * @param contents paths of all files in each folder, with `/`
 * @param classes labels of the class table: such a folder is a class
 * @returns folders that are taken for a class, though they have folders in them that may be classes: one sentence each
 * @throws SemplesError `SEMPLES_NO_LABELS`
 */
export function requireNoDataSets(
  root: string,
  contents: ReadonlyMap<string, readonly string[]>,
  classes: ReadonlySet<string>,
): string[] {
  const folders = [...contents.keys()].filter((folder) => !classes.has(folder) && folder !== BACKGROUND_FOLDER)
  const found = folders.flatMap((folder) =>
    dataSetsWithin(contents.get(folder)!).map((inside) => path.posix.join(folder, inside)),
  )
  if (found.length > 0) throw tooHigh(root, found, 'a data set of its own, not a class', 'data sets, not classes')
  const deep = folders.flatMap((folder) => {
    const within = classFoldersIn(contents.get(folder)!)
    const isOne = within.length === 1 && knownLabels.has(within[0]!) && !knownLabels.has(folder)
    return within.length > 1 || isOne ? [{ folder, within }] : []
  })
  const only = contents.size === 1 ? deep[0] : undefined
  if (only !== undefined) {
    const holds = `no class but a folder of ${count(only.within.length, 'folder')} (${listed(only.within, 3)})`
    throw tooHigh(root, [only.folder], holds, holds)
  }
  return deep.map(
    ({ folder, within }) =>
      `${folder} in ${root} is taken for one class, with the pictures of ${count(within.length, 'folder')} in it (${listed(within, 3)}). If ${within.length === 1 ? 'that is the class' : 'those are the classes'}, name that folder: --data ${path.join(root, folder)}`,
  )
}

/** The folders right in a folder that has no pictures beside them, where their names may be those of classes. */
function classFoldersIn(files: readonly string[]): string[] {
  const pictures = files.filter(isPictureName)
  if (pictures.some((file) => !file.includes('/'))) return []
  const names = [...new Set(pictures.map((file) => file.slice(0, file.indexOf('/'))))]
  return names.every((name) => /\p{L}/u.test(name) && !isPicturesFolderName(name)) ? names : []
}

function tooHigh(root: string, found: readonly string[], one: string, several: string): SemplesError {
  const paths = found.slice(0, 3).map((folder) => path.join(root, folder))
  return new SemplesError('SEMPLES_NO_LABELS', {
    message: `${listed(found, 3)} in ${root} ${found.length === 1 ? `is ${one}` : `are ${several}`}.`,
    file: root,
    hint: `Did you mean --data ${oneOf(paths)}?`,
  })
}

/** Folders that are called like parts of a data set, among others that are classes. */
export function doubtfulFolders(
  root: string,
  pictures: readonly ClassPicture[],
  classes: ReadonlySet<string>,
): string[] {
  const folders = [...new Set(pictures.map(({ folder }) => folder))].filter((folder) => !classes.has(folder))
  return folders
    .filter(
      (folder) =>
        isPicturesFolderName(folder) || isMaskFolderName(folder) || (isSplitFolderName(folder) && folder !== 'train'),
    )
    .map(
      (folder) => `${folder} in ${root} is taken for a class like the other folders; if it is none, move it elsewhere.`,
    )
}

/** A class that is called as the background mostly is: 0 is the background, and no prompt is learned for it. */
export function backgroundNames({ classes }: ClassTable): string[] {
  return classes
    .filter(({ label }) => isBackgroundName(label))
    .map(
      ({ id, label }) =>
        `"${label}" is a class here (id ${id}), and gets a prompt like any other; 0 is the background. Pictures without any object belong into _background/, or have an empty label field.`,
    )
}
