import path from 'node:path'
import type { ClassTable } from '../dataset.js'
import { filesWithin, isPictureName } from '../pictures.js'
import { BACKGROUND_FOLDER, classFolders } from './classFolders.js'
import type { FolderContents } from './folderPicture.js'

/** Every picture in a folder and within its folders, without labels; class folders are read as such. */
export async function picturesWithin(root: string, { classes }: ClassTable, except?: string): Promise<FolderContents> {
  const files = (await filesWithin(root, except)).filter(isPictureName)
  const known = new Set([BACKGROUND_FOLDER, ...classes.map(({ label }) => label)])
  const inClassFolders = files.every((file) => file.includes('/') && known.has(file.slice(0, file.indexOf('/'))))
  if (inClassFolders) return classFolders(root, except)
  const pictures = files.map((file) => ({ file, image: path.join(root, file), labels: [], origin: `folder ${root}` }))
  return { pictures, warnings: [] }
}
