import path from 'node:path'
import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import type { ClassTable } from '../dataset.js'
import { type LabelledFile, readLabelsFile } from '../labelsFile.js'
import { isPictureName, stemOf } from '../pictureNames.js'
import { missingPictures } from '../pictures.js'
import type { FolderContents, FolderPicture } from './folderPicture.js'
import { otherFormats } from './leftOut.js'
import type { MaskFolder } from './maskFolder.js'
import { NameMatcher } from './matchNames.js'
import { walkFolder } from './walk.js'

/**
 * The pictures of a folder that a labels file names, in its order; pictures that it does not name are counted.
 * @param classes the class table, where it is known before the labels are
 */
export async function labelledPictures(
  root: string,
  labelsFile: string,
  masks?: MaskFolder,
  classes?: ClassTable,
): Promise<FolderContents> {
  const { rows, rowALabel, described, warnings } = await readLabelsFile(labelsFile, classes)
  const { files, made } = await walkFolder(root)
  const isMask = (file: string) => made.has(file) || (masks?.isMask(path.join(root, file)) ?? false)
  const names = new NameMatcher(root, files, isMask)
  const pictures = new Map<string, FolderPicture>()
  const missing: { name: string; line?: number }[] = []
  for (const row of rows) {
    const file = await names.find(insideFolder(root, row, labelsFile), labelsFile)
    const origin = row.line === undefined ? `${row.file} in ${labelsFile}` : `line ${row.line} of ${labelsFile}`
    const earlier = file === undefined ? undefined : pictures.get(file)
    if (file === undefined) missing.push({ name: row.file, line: row.line })
    else if (earlier === undefined)
      pictures.set(file, { file, image: path.join(root, file), labels: row.labels, origin })
    else if (!rowALabel) throw namedTwice(file, earlier.origin, origin, labelsFile)
    else earlier.labels = [...new Set([...earlier.labels, ...row.labels])]
  }
  if (missing.length > 0) throw missingPictures(labelsFile, root, missing, rows.length, hintFor(missing, files, rows))
  const unnamed = files.filter((file) => isPictureName(file) && !pictures.has(file) && !isMask(file))
  const left =
    unnamed.length === 0
      ? []
      : [
          `${count(unnamed.length, 'picture')} in ${root} ${unnamed.length === 1 ? 'is' : 'are'} not named in ${labelsFile} and ${unnamed.length === 1 ? 'is' : 'are'} left out; the first is ${unnamed[0]}.`,
        ]
  return {
    pictures: [...pictures.values()],
    warnings: [...warnings, ...left, ...otherFormats(root, files)],
    described,
  }
}

/** The path of a row inside the folder. Paths that lead out of it are refused: labels may come from anywhere. */
function insideFolder(root: string, { file, line }: LabelledFile, labelsFile: string): string {
  const inside = path.relative(root, path.resolve(root, file))
  const windows = file.replaceAll('\\', '/')
  const leadsOut =
    inside === '' ||
    inside === '..' ||
    inside.startsWith(`..${path.sep}`) ||
    path.isAbsolute(inside) ||
    isOutside(windows)
  if (leadsOut) {
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

/** `C:/photos/a.jpg`, `../a.jpg`, also where this system takes backslashes for letters. */
function isOutside(file: string): boolean {
  return /^[a-z]:\//i.test(file) || file.startsWith('//') || path.posix.normalize(file).startsWith('../')
}

/** What is most likely wrong with names that are not found. */
function hintFor(
  missing: readonly { name: string; line?: number }[],
  files: readonly string[],
  rows: readonly LabelledFile[],
): string | undefined {
  const [first] = missing
  const isFirst = first!.line !== undefined && first!.line === rows[0]!.line
  if (missing.length === 1 && isFirst && rows.length > 1 && path.extname(first!.name) === '')
    return `Line ${first!.line} looks like a header; expected is file,labels.`
  const base = (file: string) => path.posix.basename(stemOf(file)).toLowerCase()
  const name = base(first!.name.replaceAll('\\', '/'))
  const bare = name.replace(/^0+/, '')
  const near =
    files.find((file) => isPictureName(file) && base(file) === name) ??
    files.find((file) => /^\d+$/.test(name) && isPictureName(file) && base(file).replace(/^0+/, '') === bare)
  if (near === undefined) return undefined
  return `There is ${near}: check the folder, the extension, upper and lower case, and zeros that a spreadsheet cuts off.`
}

function namedTwice(file: string, first: string, second: string, labelsFile: string): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The labels file ${labelsFile} names ${file} twice: ${first} and ${second}.`,
    file: labelsFile,
    hint: 'Join the labels in one row.',
  })
}
