import path from 'node:path'
import { count } from '../../base/count.js'
import { isPictureName } from '../pictureNames.js'
import { groupsOfNames } from './duplicates.js'
import type { ClassPicture, FolderContents } from './folderPicture.js'
import { otherFormats, picturesDo } from './leftOut.js'
import type { MaskFolder } from './maskFolder.js'
import { findMasks } from './maskPngs.js'
import { doubtfulFolders, requireClassNames, requireNoDataSets } from './noClasses.js'
import { foldersIn, walkFolder } from './walk.js'

/**
 * The pictures of a folder with one sub-folder a class. A file that stands in several sub-folders (the same name and
 * the same content) has all their labels; different pictures of one name have their folder in their ids. In `_background`
 * stand pictures without object, which classification learns from too. What semples wrote, and masks, are passed over with a warning.
 *
 * @param classes labels of the class table, where there is one: folders of these names are classes, whatever they look like
 * @throws SemplesError `SEMPLES_NO_LABELS` for folders that look like pictures and masks of a data set whose labels are
 *   missing; `SEMPLES_DATA_FILE_INVALID` for a picture that is in `_background` and in a class; `SEMPLES_FILE_UNREADABLE`
 */
export async function classFolders(
  root: string,
  masks?: MaskFolder,
  classes: ReadonlySet<string> = new Set(),
): Promise<FolderContents> {
  const { folders, files } = await foldersIn(root)
  const warnings: string[] = []
  const inFolders: ClassPicture[] = []
  const others: string[] = []
  const contents = new Map<string, string[]>()
  for (const name of folders) {
    const folder = path.join(root, name)
    if (masks?.isAllMasks(folder)) continue
    const walk = await walkFolder(folder, true)
    for (const reason of walk.reasons)
      warnings.push(
        `${reason.startsWith(folder) ? reason : path.join(folder, reason)}, which is no class and is passed over.`,
      )
    const kept = walk.files.filter((file) => !walk.made.has(file))
    contents.set(name, kept)
    for (const file of kept) {
      if (isPictureName(file)) inFolders.push({ folder: name, file, image: path.join(folder, file) })
      else others.push(`${name}/${file}`)
    }
  }
  const loose = files.filter(isPictureName).map((file) => ({ folder: '', file, image: path.join(root, file) }))
  const found = await findMasks([...inFolders, ...loose], classes)
  const pictures = inFolders.filter(
    ({ folder, image }) => !found.folders.has(folder) && !found.pngs.has(image) && !masks?.isMask(image),
  )
  for (const folder of found.folders)
    warnings.push(
      `${path.join(root, folder)} holds masks, PNGs that are named like pictures: it is no class and is passed over.`,
    )
  const beside = inFolders.filter(
    ({ folder, image }) => found.pngs.has(image) && !found.folders.has(folder) && !masks?.isMask(image),
  )
  if (beside.length > 0)
    warnings.push(
      `${count(beside.length, 'indexed PNG')} in ${root} with the name of a picture beside ${beside.length === 1 ? 'it is taken for a mask' : 'them are taken for masks'} and passed over; the first is ${beside[0]!.folder}/${beside[0]!.file}.`,
    )
  requireClassNames(root, pictures, classes, found.folders.size > 0 || masks !== undefined, files)
  const used = new Set(pictures.map(({ folder }) => folder))
  warnings.push(
    ...requireNoDataSets(root, new Map([...contents].filter(([folder]) => used.has(folder))), classes),
    ...doubtfulFolders(root, pictures, classes),
  )
  const left = loose.filter(({ image }) => !masks?.isMask(image) && !found.pngs.has(image))
  if (left.length > 0)
    warnings.push(
      `${picturesDo(left.length, 'stand')} in ${root} itself, in no class folder, and ${left.length === 1 ? 'is' : 'are'} left out; the first is ${left[0]!.file}.`,
    )
  warnings.push(...otherFormats(root, [...files, ...others]))
  const grouped = await groupsOfNames(root, pictures)
  const labels = new Set(grouped.pictures.flatMap((picture) => picture.labels))
  return {
    pictures: grouped.pictures,
    warnings: [...warnings, ...grouped.warnings],
    described: `${path.basename(root)}: one folder a class, ${count(grouped.pictures.length, 'picture')}, ${labels.size} class${labels.size === 1 ? '' : 'es'}`,
  }
}
