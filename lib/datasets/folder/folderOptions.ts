import { type Stats, statSync } from 'node:fs'
import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'

/**
 * The options of `folder` from a program without types: an object, with paths that are texts.
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` naming the option
 */
export function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
      message: 'The argument of folder is an object.',
      value: options,
      expected: `{ folder: ${typeof options === 'string' ? JSON.stringify(options) : "'photos'"} }`,
    })
  }
  const fields = options as Record<string, unknown>
  for (const field of ['folder', 'labels', 'classes', 'masks']) {
    const value = fields[field]
    if ((value === undefined && field !== 'folder') || (typeof value === 'string' && value !== '')) continue
    throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
      message: `The option ${field} of folder is no path.`,
      field,
      value,
      expected: 'a path',
    })
  }
  checkShare(fields)
  if (fields.masks === undefined) refuseUseless({ exif: fields.exif }, 'without masks: it says what they are of')
}

function checkShare({ val, valSeed, split }: Record<string, unknown>): void {
  const wrong = (field: string, value: unknown, expected: string, hint?: string) =>
    new SemplesError('SEMPLES_ARGUMENT_INVALID', {
      message: `The option ${field} of folder is out of range.`,
      field,
      value,
      expected,
      hint,
    })
  if (val === undefined) {
    refuseUseless({ valSeed, split }, 'without val: a folder has one set of pictures for training and evaluation')
    return
  }
  if (typeof val !== 'number' || !(val > 0 && val < 1))
    throw wrong(
      'val',
      val,
      'a share of the pictures, above 0 and below 1',
      typeof val === 'number' && val > 1 && val < 100 ? `${val} % is ${val / 100}.` : undefined,
    )
  if (valSeed !== undefined && !Number.isSafeInteger(valSeed)) throw wrong('valSeed', valSeed, 'a whole number')
  if (split !== undefined && split !== 'train' && split !== 'val') throw wrong('split', split, 'train or val')
}

/**
 * @param field the option that names it
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` for a path where no folder is, saying what is there
 */
export function requireFolder(folder: string, field?: string): void {
  const found = statusOf(folder)
  if (found?.isDirectory()) return
  throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: found === undefined ? `There is no folder ${folder}.` : `${folder} is a file, not a folder.`,
    field,
    file: folder,
    hint:
      found === undefined
        ? 'Check the path; it is taken from the working directory.'
        : `Name the folder it lies in: ${path.dirname(folder)}`,
  })
}

function statusOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    // Nothing there, links in a circle, or a folder above it that may not be read.
    return undefined
  }
}
