import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { type LabelledFile, readLabelsFile } from '../labelsFile.js'
import { filesWithin, isPictureName, missingPictures } from '../pictures.js'
import type { FolderContents, FolderPicture } from './folderPicture.js'

/** The pictures of a folder that a labels file names, in its order; pictures that it does not name are counted. */
export async function labelledPictures(root: string, labelsFile: string, except?: string): Promise<FolderContents> {
  const rows = await readLabelsFile(labelsFile)
  const present = await filesWithin(root, except)
  const known = new Set(present)
  const pictures = new Map<string, FolderPicture>()
  const missing: { name: string; line?: number }[] = []
  for (const row of rows) {
    const file = insideFolder(root, row, labelsFile)
    const origin = row.line === undefined ? `${row.file} in ${labelsFile}` : `line ${row.line} of ${labelsFile}`
    if (pictures.has(file)) throw namedTwice(file, pictures.get(file)!.origin, origin, labelsFile)
    if (known.has(file)) pictures.set(file, { file, image: path.join(root, file), labels: row.labels, origin })
    else missing.push({ name: row.file, line: row.line })
  }
  if (missing.length > 0) throw missingPictures(labelsFile, root, missing, rows.length)
  const unnamed = present.filter((file) => isPictureName(file) && !pictures.has(file))
  const warnings =
    unnamed.length === 0
      ? []
      : [
          `${unnamed.length} pictures in ${root} are not named in ${labelsFile} and are left out; the first is ${unnamed[0]}.`,
        ]
  return { pictures: [...pictures.values()], warnings }
}

/** The path of a row inside the folder. Paths that lead out of it are refused: labels may come from anywhere. */
function insideFolder(root: string, { file, line }: LabelledFile, labelsFile: string): string {
  const inside = path.relative(root, path.resolve(root, file))
  if (inside === '' || inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) {
    throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `The labels file ${labelsFile} names a picture outside the folder ${root}${line === undefined ? '' : ` in line ${line}`}.`,
      file: labelsFile,
      value: file,
      expected: 'paths inside the folder',
      hint: 'Name the folder that holds all pictures, and write the paths from there.',
    })
  }
  return inside.split(path.sep).join('/')
}

function namedTwice(file: string, first: string, second: string, labelsFile: string): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The labels file ${labelsFile} names ${file} twice: ${first} and ${second}.`,
    file: labelsFile,
    hint: 'Join the labels in one row.',
  })
}
