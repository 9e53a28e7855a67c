import { dirname, extname } from 'node:path'
import { count } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { isPictureName } from '../datasets/pictures.js'
import type { RefineFolders } from './types.js'

/** The refusal of a file where a folder is meant. */
export function namesFile(field: 'images' | 'cams', file: string): SemplesError {
  return new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `${file} is a file, and ${field} is a folder.`,
    field,
    file,
    hint: `Name the folder in which it lies: ${field}: '${dirname(file)}' (--${field} ${dirname(file)}). One picture alone is refined by refineMask.`,
  })
}

/** The refusal of a folder without anything to refine. */
export function noInputs(cams: string, files: readonly string[], extensions: readonly string[]): SemplesError {
  return new SemplesError('SEMPLES_NO_PICTURES', {
    message: `There is nothing to refine in ${cams}: ${held(files)}.`,
    field: 'cams',
    file: cams,
    expected: `files ${extensions.map((extension) => `*${extension}`).join(', ')}`,
  })
}

/** The refusal of a folder without pictures. */
export function noPictures(
  images: string,
  files: readonly string[],
  cams: string,
  others: readonly string[],
): SemplesError {
  const swapped = others.some((name) => isPictureName(name) && extname(name).toLowerCase() !== '.png')
  return new SemplesError('SEMPLES_NO_PICTURES', {
    message: `There is no picture in ${images}: ${held(files)}.`,
    field: 'images',
    file: images,
    expected: 'pictures, in the folder or in folders within it',
    hint: swapped
      ? `There are pictures in ${cams}: are the two exchanged? --images ${cams} --cams ${images}`
      : 'Name the folder of the pictures: --images DIR.',
  })
}

/** The refusal of two folders of which no file belongs to another. */
export function nothingPairs(
  { images, cams }: RefineFolders,
  pictures: readonly string[],
  files: readonly string[],
): SemplesError {
  return new SemplesError('SEMPLES_PICTURE_MISSING', {
    message: `No file of ${cams} has a picture of its name in ${images}: there are ${named(files, 'file')}, and ${named(pictures, 'picture')}.`,
    field: 'images',
    file: images,
    expected: 'files with the names of their pictures apart from the extension; case matters',
    hint: 'Name the folders that belong together: --images DIR --cams DIR. Folders within them are looked into: boat/1.npy belongs to boat/1.jpg, and to 1.jpg.',
  })
}

/** Why one file has no picture. */
export function noPictureFor(file: string, images: string): SemplesError {
  return new SemplesError('SEMPLES_PICTURE_MISSING', {
    message: `There is no picture for ${file} in ${images}.`,
    file,
    hint: 'A picture must have the same file name apart from the extension; case matters.',
  })
}

/** Why it is not known which picture a file belongs to. */
export function ambiguousPicture(file: string, pictures: readonly string[]): SemplesError {
  return new SemplesError('SEMPLES_NAME_INVALID', {
    message: `Pictures have the same name: ${pictures.slice(0, 3).join(' and ')}.`,
    file: pictures[0],
    hint: `Keep one of them in the folder, or let ${file} lie in a folder of the same name as its picture does.`,
  })
}

/** `it is empty`, or what lies there. */
function held(files: readonly string[]): string {
  return files.length === 0 ? 'it is empty' : `it holds ${named(files, 'other file')}`
}

/** `5 files (a.npy, b.npy, ...)` */
function named(files: readonly string[], noun: string): string {
  return `${count(files.length, noun)} (${files.slice(0, 3).join(', ')}${files.length > 3 ? ', ...' : ''})`
}
