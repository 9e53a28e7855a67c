import path from 'node:path'
import { count } from '../../base/count.js'
import type { ClassTable } from '../dataset.js'
import { isPictureName } from '../pictureNames.js'
import { classFolders } from './classFolders.js'
import { BACKGROUND_FOLDER, type FolderContents } from './folderPicture.js'
import { otherFormats } from './leftOut.js'
import type { MaskFolder } from './maskFolder.js'
import { findMasks } from './maskPngs.js'
import { walkFolder } from './walk.js'

/**
 * Every picture in a folder and within its folders, without labels; class folders are read as such. What semples wrote,
 * and masks, are passed over.
 */
export async function picturesWithin(
  root: string,
  { classes }: ClassTable,
  masks?: MaskFolder,
): Promise<FolderContents> {
  const walk = await walkFolder(root)
  const files = walk.files.filter(
    (file) => isPictureName(file) && !walk.made.has(file) && !isTruth(path.join(root, file), masks),
  )
  const known = new Set([BACKGROUND_FOLDER, ...classes.map(({ label }) => label)])
  const inClassFolders = files.every((file) => file.includes('/') && known.has(file.slice(0, file.indexOf('/'))))
  if (inClassFolders) return classFolders(root, masks, known)
  const candidates = files.map((file) => {
    const slash = file.indexOf('/')
    return { folder: file.slice(0, Math.max(0, slash)), file: file.slice(slash + 1), image: path.join(root, file) }
  })
  const found = await findMasks(candidates, known)
  const kept = files.filter(
    (_, i) => !found.folders.has(candidates[i]!.folder) && !found.pngs.has(candidates[i]!.image),
  )
  const warnings = [
    ...walk.reasons.map((reason) => `${reason} and is passed over.`),
    ...(kept.length === files.length
      ? []
      : [
          `${count(files.length - kept.length, 'PNG')} in ${root} named like pictures are taken for masks and passed over.`,
        ]),
    ...otherFormats(root, walk.files),
  ]
  const pictures = kept.map((file) => ({ file, image: path.join(root, file), labels: [], origin: `folder ${root}` }))
  return { pictures, warnings, described: `${path.basename(root)}: ${count(kept.length, 'picture')}` }
}

function isTruth(image: string, masks: MaskFolder | undefined): boolean {
  return masks !== undefined && (masks.isMask(image) || masks.isAllMasks(path.dirname(image)))
}
