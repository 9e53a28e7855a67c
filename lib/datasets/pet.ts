import { existsSync } from 'node:fs'
import path from 'node:path'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'
import type { LabelMap } from '../masks/labelMap.js'
import { readMask } from '../masks/png.js'
import { classTable } from './classes/names.js'
import type { ClassTable, Dataset } from './dataset.js'
import { folderNames, missingPictures } from './pictures.js'

export interface PetOptions {
  /** The folder with `images/` and `annotations/`. */
  root: string
  /** What a class is: one of the breeds (`Abyssinian`), or `cat` and `dog`. Default `breed`. */
  labels?: 'breed' | 'species'
  /** A list in `annotations/` by name (`list`, `trainval`, `test`), or the path of a list. Default `list`: all pictures. */
  list?: string
}

/** What a pixel of a trimap is: 1 the animal, 2 background, 3 its border, of which annotators were not sure. */
const [OBJECT, BACKGROUND, UNSURE] = [1, 2, 3]

interface PetPicture {
  name: string
  breed: number
  species: number
}

/**
 * Oxford-IIIT Pet (Parkhi et al., CVPR 2012): pictures of one animal each, with its breed and its species. Masks are
 * drawn from the trimaps: the animal has its class, its border is void (255). Masks are opened by evaluation alone.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_DATA_FILE_INVALID`, `SEMPLES_PICTURE_MISSING`
 */
export async function pet({ root, labels = 'breed', list = 'list' }: PetOptions): Promise<Dataset> {
  const images = path.resolve(root, 'images')
  const present = new Set((await folderNames(images)) ?? missingFolder(images))
  // The numbers of the classes and the names of the breeds are those of the whole list, whatever part is used.
  const all = await readList(path.resolve(root, 'annotations', 'list.txt'))
  const file = listFile(root, list)
  const pictures = await readList(file)
  const missing = pictures
    .filter(({ name }) => !present.has(`${name}.jpg`))
    .map(({ name }) => ({ name: `${name}.jpg` }))
  if (missing.length > 0) throw missingPictures(file, images, missing, pictures.length)
  const classes = labels === 'species' ? classTable('pet-species', ['cat', 'dog']) : breeds(all)
  const classOf = new Map(pictures.map(({ name, breed, species }) => [name, labels === 'species' ? species : breed]))
  return {
    name: `pet ${list}`,
    classes,
    orientation: 'stored',
    items: pictures.map(({ name }) => ({
      id: name,
      image: path.join(images, `${name}.jpg`),
      labels: [classOf.get(name)! - 1],
    })),
    hasMask: ({ id }) => existsSync(path.resolve(root, 'annotations', 'trimaps', `${id}.png`)),
    mask: async ({ id }) => {
      const trimap = path.resolve(root, 'annotations', 'trimaps', `${id}.png`)
      return existsSync(trimap)
        ? maskOf(await readMask(trimap, { colors: 'ignore' }), classOf.get(id)!, trimap)
        : undefined
    },
  }
}

function listFile(root: string, list: string): string {
  const isPath = list.includes('/') || list.includes(path.sep) || list.endsWith('.txt')
  return isPath ? path.resolve(list) : path.resolve(root, 'annotations', `${list}.txt`)
}

/** Lines of `<picture> <breed> <species> <breed among its species>`; those that begin with # explain them. */
async function readList(file: string): Promise<PetPicture[]> {
  const lines = Buffer.from(await readBytes(file))
    .toString('utf8')
    .split(/\r?\n/)
  const pictures = new Map<string, PetPicture>()
  lines.forEach((line, index) => {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) return
    const [, name, breed, species] = /^([\w.-]+) (\d{1,3}) ([12]) \d+$/.exec(text) ?? []
    const valid = name !== undefined && Number(breed) >= 1 && Number(breed) <= 254 && !pictures.has(name)
    if (!valid) throw listInvalid(file, index + 1, text)
    pictures.set(name, { name, breed: Number(breed), species: Number(species) })
  })
  if (pictures.size === 0) throw listInvalid(file, 1, '')
  return [...pictures.values()]
}

/** The breeds by their numbers; a picture is named after its breed: `american_bulldog_12`. */
function breeds(pictures: readonly PetPicture[]): ClassTable {
  const names = new Map(pictures.map(({ name, breed }) => [breed, name.replace(/_\d+$/, '').replaceAll('_', ' ')]))
  const count = Math.max(...names.keys())
  const labels = Array.from({ length: count }, (_, index) => names.get(index + 1) ?? `breed ${index + 1}`)
  return classTable('pet', labels)
}

function maskOf({ width, height, data }: LabelMap, id: number, file: string): LabelMap {
  const ids = new Map([
    [OBJECT, id],
    [BACKGROUND, 0],
    [UNSURE, 255],
  ])
  const mask = new Uint8Array(data.length)
  for (let pixel = 0; pixel < data.length; pixel++) mask[pixel] = ids.get(data[pixel]!) ?? notTrimap(file, data[pixel]!)
  return { width, height, data: mask }
}

function notTrimap(file: string, value: number): never {
  throw new SemplesError('SEMPLES_MASK_INVALID', {
    message: `The trimap ${file} has a pixel of another value.`,
    file,
    value,
    expected: '1 (object), 2 (background) or 3 (unsure)',
  })
}

function missingFolder(folder: string): never {
  throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `There is no folder ${folder}.`,
    file: folder,
    hint: 'Name the folder with images/ and annotations/ of Oxford-IIIT Pet.',
  })
}

function listInvalid(file: string, line: number, value: string): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `Line ${line} of ${file} is no line of a list of pets, or names a picture twice.`,
    file,
    value,
    expected: '<picture> <number of the breed> <1 for cats, 2 for dogs> <number among them>',
  })
}
