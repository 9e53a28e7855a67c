import { stat } from 'node:fs/promises'
import { extname, join, posix, resolve } from 'node:path'
import type { SemplesError } from '../base/error.js'
import { requireFolder } from '../datasets/folder/folderOptions.js'
import { filesWithin, isPictureName } from '../datasets/pictures.js'
import { CAM_EXTENSIONS } from '../formats/camFile/classMaps.js'
import { ambiguousPicture, namesFile, noInputs, noPictureFor, noPictures, nothingPairs } from './foldersRefused.js'
import { byStem, outside, Pairs } from './pairs.js'
import type { RefineFolders, RefineInput } from './types.js'

/** An input of folders. */
export type FolderInput = RefineInput & {
  /** Its path inside the folder, with `/` and without extension. */
  name: string
  /** Set where the file has no picture, or more than one. */
  failure?: SemplesError
}

/** Extensions of inputs, in order of preference where a picture has several. */
const KINDS: readonly { extension: string; kind: 'scores' | 'labels' }[] = [
  ...CAM_EXTENSIONS.map((extension) => ({ extension, kind: 'scores' as const })),
  { extension: '.png', kind: 'labels' },
]

/**
 * The inputs of two folders and the folders within them, in the order of their names: every file of scores or labels with
 * its picture, by `Pairs`. A file without picture, or with two, is an input that fails by itself; where no file has one, that
 * is one error. Files within that `semples refine` made are not seen.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_NO_PICTURES`, `SEMPLES_PICTURE_MISSING`
 */
export async function inputsOfFolders(folders: RefineFolders): Promise<FolderInput[]> {
  const [images, cams] = [resolve(folders.images), resolve(folders.cams)]
  const [inImages, inCams] = [await filesOf('images', images), await filesOf('cams', cams)]
  const pictures = byStem(outside(inImages, images, cams).filter(isPictureName))
  const files = byStem(outside(inCams, cams, images).filter((name) => kindOf(name) !== undefined))
  if (files.size === 0)
    throw noInputs(
      cams,
      inCams,
      KINDS.map(({ extension }) => extension),
    )
  if (pictures.size === 0) throw noPictures(images, inImages, cams, inCams)
  const pairs = new Pairs(pictures, files.keys())
  const inputs = [...files].map(([name, candidates]): FolderInput => {
    const path = candidates.sort((one, other) => rank(one) - rank(other))[0]!
    const file = join(cams, path)
    const found = pairs.of(name).map((picture) => join(images, picture))
    const failure =
      found.length === 1 ? undefined : found.length === 0 ? noPictureFor(file, images) : ambiguousPicture(file, found)
    return { name, image: found[0] ?? '', [kindOf(path)!]: file, failure }
  })
  if (inputs.every(({ image }) => image === ''))
    throw nothingPairs({ images, cams }, [...pictures.values()].flat(), [...files.values()].flat())
  return inputs
}

function kindOf(name: string): 'scores' | 'labels' | undefined {
  return KINDS[rank(name)]?.kind
}

function rank(name: string): number {
  return KINDS.findIndex(({ extension }) => extension === extname(name).toLowerCase())
}

/** Paths inside a folder, with `/`, without what earlier refinements wrote into folders within it. */
async function filesOf(field: 'images' | 'cams', folder: string): Promise<string[]> {
  if ((await stat(folder).catch(() => undefined))?.isFile()) throw namesFile(field, folder)
  requireFolder(folder, field)
  const files = await filesWithin(folder)
  // Masks of semples are inputs, but no pictures.
  const marks = field === 'images' ? ['refine.json', 'masks.json'] : ['refine.json']
  const made = files.filter((file) => marks.includes(posix.basename(file))).map((file) => posix.dirname(file))
  return files.filter((file) => !made.some((inside) => inside !== '.' && file.startsWith(`${inside}/`)))
}
