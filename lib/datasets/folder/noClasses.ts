import { SemplesError } from '../../base/error.js'
import type { ClassTable } from '../dataset.js'
import type { ClassPicture } from './folderPicture.js'
import { isBackgroundName, isMaskFolderName, isPicturesFolderName, isSplitFolderName } from './usualNames.js'

/**
 * Refuses folders whose names are certainly no classes: pictures and masks of a data set without its labels, and parts of
 * a data set with the class folders inside.
 *
 * @param classes labels of the class table: such a folder is a class
 * @param masksFound there are masks beside the folders
 * @throws SemplesError `SEMPLES_NO_LABELS`
 */
export function requireClassNames(
  root: string,
  pictures: readonly ClassPicture[],
  classes: ReadonlySet<string>,
  masksFound: boolean,
): void {
  const folders = [...new Set(pictures.map(({ folder }) => folder))]
  if (folders.length === 0 || folders.some((folder) => classes.has(folder))) return
  const [images, masks] = [folders.filter(isPicturesFolderName), folders.filter(isMaskFolderName)]
  if (images.length > 0 && images.length + masks.length === folders.length) {
    const found = [...images, ...masks].join(' and ')
    throw new SemplesError('SEMPLES_NO_LABELS', {
      message: `${found} in ${root} ${folders.length === 1 && !masksFound ? 'is no name of a class' : `look${folders.length === 1 ? 's' : ''} like pictures${masks.length > 0 || masksFound ? ' and masks' : ''} of a data set whose labels are missing`}.`,
      file: root,
      hint: `Put a labels.csv into ${root} (file,labels), give it with labels (--labels FILE), or make one sub-folder a class.`,
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
