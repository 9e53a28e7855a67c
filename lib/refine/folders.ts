import { readdir } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { SemplesError } from '../base/error.js'
import { isPictureName } from '../datasets/pictures.js'
import { CAM_EXTENSIONS } from '../formats/camFile/classMaps.js'
import type { RefineFolders, RefineInput } from './types.js'

/** An input of folders. */
export type FolderInput = RefineInput & {
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
 * The inputs of two folders, in the order of their names: every file of scores or labels with the picture of its name.
 * A file without picture, or with two, is an input that fails by itself.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_NO_PICTURES`
 */
export async function inputsOfFolders({ images, cams }: RefineFolders): Promise<FolderInput[]> {
  const pictures = await byStem('images', resolve(images), isPictureName)
  const files = await byStem('cams', resolve(cams), (name) => kindOf(name) !== undefined)
  if (files.size === 0)
    throw new SemplesError('SEMPLES_NO_PICTURES', {
      message: `There is nothing to refine in ${resolve(cams)}.`,
      field: 'cams',
      file: resolve(cams),
      expected: `files ${KINDS.map(({ extension }) => `*${extension}`).join(', ')}`,
    })
  return [...files].map(([name, candidates]) => {
    const file = candidates.sort((one, other) => rank(one) - rank(other))[0]!
    const found = pictures.get(name) ?? []
    const failure = found.length === 1 ? undefined : failureOf(file, found, resolve(images))
    return { name, image: found[0] ?? '', [kindOf(file)!]: file, failure }
  })
}

function kindOf(name: string): 'scores' | 'labels' | undefined {
  return KINDS[rank(name)]?.kind
}

function rank(name: string): number {
  return KINDS.findIndex(({ extension }) => extension === extname(name).toLowerCase())
}

/** Paths by file name without extension. */
async function byStem(
  field: string,
  folder: string,
  accepts: (name: string) => boolean,
): Promise<Map<string, string[]>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `The folder ${folder} cannot be read.`,
      field,
      file: folder,
      hint: 'Check the path.',
      cause,
    })
  })
  const found = new Map<string, string[]>()
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && accepts(entry.name))
  for (const { name } of names.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const stem = name.slice(0, name.length - extname(name).length)
    found.set(stem, [...(found.get(stem) ?? []), join(folder, name)])
  }
  return found
}

function failureOf(file: string, pictures: readonly string[], images: string): SemplesError {
  if (pictures.length === 0)
    return new SemplesError('SEMPLES_PICTURE_MISSING', {
      message: `There is no picture for ${file} in ${images}.`,
      file,
      hint: 'A picture must have the same file name apart from the extension; case matters.',
    })
  return new SemplesError('SEMPLES_NAME_INVALID', {
    message: `Pictures have the same name: ${pictures.join(' and ')}.`,
    file: pictures[0],
    hint: 'Keep one of them in the folder.',
  })
}
