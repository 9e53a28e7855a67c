import { posix } from 'node:path'
import { count, listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { type CocoCategory, readCocoFile } from '../../datasets/coco/annotations.js'
import { stemOf } from '../../datasets/pictureNames.js'
import { readPictureList } from '../../evaluate/pictureList.js'

/** A picture that gets results. */
export interface ResultImage {
  imageId: number | string
  /** Its mask is `<name>.png`. */
  name: string
  size?: { width: number; height: number }
}

export interface ResultImages {
  images: ResultImage[]
  /** Of the JSON, where there is one. */
  categories?: readonly CocoCategory[]
}

/** COCO's names end in the image id, with zeros before it: 000000000139, COCO_val2014_000000000139. */
const COCO_NAME = /(?:^|[/_])(\d{12})$/

/**
 * The pictures that get results, of a COCO JSON, of a list, or of those of the first that the second names.
 *
 * @throws SemplesError `SEMPLES_OPTION_INVALID` with neither; `SEMPLES_DATA_FILE_INVALID`, `SEMPLES_FILE_UNREADABLE` for the files
 */
export async function resultImages(json: string | undefined, list: string | undefined): Promise<ResultImages> {
  const names = list === undefined ? undefined : [...new Set(await readPictureList(list))]
  if (json !== undefined) return imagesOfJson(json, names, list)
  if (names !== undefined) return { images: imagesOfNames(names, list!) }
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: 'Nothing says which pictures get results, and what their image ids are.',
    field: 'imagesJson',
    hint: 'Give the JSON that they are judged with (imagesJson, --images-json instances_val2014.json), or a list of names (list, --list).',
  })
}

async function imagesOfJson(
  file: string,
  names: readonly string[] | undefined,
  list: string | undefined,
): Promise<ResultImages> {
  const { images, categories } = await readCocoFile(file, ['images', 'categories'])
  const all = images.map(({ id, file_name, width, height }) => ({
    imageId: id,
    name: stemOf(file_name.replaceAll('\\', '/')),
    size: { width, height },
  }))
  if (names === undefined) return { images: all, categories }
  const byName = new Map([
    ...all.map((image) => [posix.basename(image.name), image] as const),
    ...all.map((image) => [image.name, image] as const),
  ])
  const unknown = names.filter((name) => !byName.has(name))
  if (unknown.length === 0) return { images: names.map((name) => byName.get(name)!), categories }
  throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The list ${list} names ${count(unknown.length, 'picture')} that ${file} does not have: ${listed(unknown, 3)}.`,
    file: list!,
    expected: `names as ${all[0]!.name}`,
    hint: 'Is it the list of another set?',
  })
}

function imagesOfNames(names: readonly string[], list: string): ResultImage[] {
  const numbers = names.map((name) => COCO_NAME.exec(name)?.[1])
  const without = numbers.indexOf(undefined)
  if (numbers.every((number) => number === undefined)) return names.map((name) => ({ imageId: name, name }))
  const mended = 'Give the JSON that the pictures are judged with: it has the ids (imagesJson, --images-json FILE).'
  if (without >= 0)
    throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `Some names in the list ${list} end in an image id, as those of COCO do, and ${names[without]} does not.`,
      file: list,
      value: names[without],
      expected: 'names that all end in 12 digits, or none',
      hint: mended,
    })
  const seen = new Map<string, string>()
  return names.map((name, index) => {
    const number = numbers[index]!
    const other = seen.get(number)
    seen.set(number, name)
    if (other === undefined) return { imageId: Number(number), name }
    throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `The names ${other} and ${name} in the list ${list} end in the same image id.`,
      file: list,
      value: name,
      hint: mended,
    })
  })
}
