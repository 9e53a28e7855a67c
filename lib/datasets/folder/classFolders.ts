import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { filesWithin, folderNames, isPictureName } from '../pictures.js'
import type { FolderContents } from './folderPicture.js'

/** The sub-folder of pictures that show no object. */
export const BACKGROUND_FOLDER = '_background'

/**
 * The pictures of a folder with one sub-folder a class. A file that stands in several sub-folders (the same name and
 * the same content) has all their labels; in `_background` stand pictures without object, for evaluation only.
 *
 * @throws SemplesError `SEMPLES_NAME_INVALID` for different pictures of one name; `SEMPLES_DATA_FILE_INVALID` for a picture
 *   that is in `_background` and in a class
 */
export async function classFolders(root: string, except?: string): Promise<FolderContents> {
  const names = (await folderNames(root)) ?? []
  const loose = names.filter(isPictureName)
  const found = new Map<string, { image: string; folders: string[] }>()
  for (const name of names.filter((entry) => !entry.startsWith('.')).sort()) {
    const folder = path.join(root, name)
    if (folder === except || !(await stat(folder)).isDirectory()) continue
    for (const file of (await filesWithin(folder, except)).filter(isPictureName)) {
      const image = path.join(folder, file)
      const earlier = found.get(file)
      if (earlier === undefined) found.set(file, { image, folders: [name] })
      else {
        await checkSamePicture(earlier.image, image)
        earlier.folders.push(name)
      }
    }
  }
  const pictures = [...found].map(([file, { image, folders }]) => {
    if (folders.length > 1 && folders.includes(BACKGROUND_FOLDER)) throw bothWays(root, file, folders)
    const labels = folders.filter((name) => name !== BACKGROUND_FOLDER)
    return { file, image, labels, origin: `folder ${folders.join(', ')}` }
  })
  const warnings =
    loose.length === 0
      ? []
      : [
          `${loose.length} pictures stand in ${root} itself, in no class folder, and are left out; the first is ${loose.sort()[0]}.`,
        ]
  return { pictures: pictures.sort((a, b) => (a.file < b.file ? -1 : 1)), warnings }
}

/** 0001.jpg of one class and 0001.jpg of another are often two pictures: one of them would be lost in silence. */
async function checkSamePicture(first: string, second: string): Promise<void> {
  const [a, b] = await Promise.all([stat(first), stat(second)])
  if (a.size === b.size) {
    const [bytes, others] = await Promise.all([readFile(first), readFile(second)])
    if (bytes.equals(others)) return
  }
  throw new SemplesError('SEMPLES_NAME_INVALID', {
    message: `${first} and ${second} are two different pictures of one name.`,
    file: second,
    hint: 'A file name in several class folders means one picture with several labels. Rename one of them, or use a labels file.',
  })
}

function bothWays(root: string, file: string, folders: string[]): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `${file} stands in ${BACKGROUND_FOLDER} and in a class folder of ${root} (${folders.join(', ')}).`,
    file: path.join(root, BACKGROUND_FOLDER, file),
    hint: `${BACKGROUND_FOLDER} is for pictures without any object: remove it there or from the class.`,
  })
}
