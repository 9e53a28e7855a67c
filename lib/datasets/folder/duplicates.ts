import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { BACKGROUND_FOLDER, type ClassPicture, type FolderPicture } from './folderPicture.js'

/** The same content in one or several class folders. */
interface Group {
  /** Path inside the class folder. */
  name: string
  image: string
  folders: string[]
}

/**
 * Pictures of class folders with the labels of all folders that they stand in. Files of one name and one content are one
 * picture. Files of one name and different content are different pictures, which have the name of their folder in `file`.
 *
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for a picture that is in `_background` and in a class
 */
export async function groupsOfNames(
  root: string,
  pictures: readonly ClassPicture[],
): Promise<{ pictures: FolderPicture[]; warnings: string[] }> {
  const byName = new Map<string, ClassPicture[]>()
  for (const picture of pictures) byName.set(picture.file, [...(byName.get(picture.file) ?? []), picture])
  const groups: Group[] = []
  const clashes: Group[] = []
  for (const [name, files] of byName) {
    const found = await byContent(name, files)
    groups.push(...found)
    if (found.length > 1) clashes.push(...found)
  }
  const named = uniqueNames(groups, new Set(clashes))
  const result = groups.map((group): FolderPicture => {
    const { folders, image } = group
    if (folders.length > 1 && folders.includes(BACKGROUND_FOLDER)) throw bothWays(root, group)
    const labels = folders.filter((folder) => folder !== BACKGROUND_FOLDER)
    const negative = labels.length === 0 ? { negative: true as const } : {}
    return { file: named.get(group)!, image, labels, origin: `folder ${folders.join(', ')}`, ...negative }
  })
  const [first] = clashes
  const warnings =
    first === undefined
      ? []
      : [
          `${clashes.length} pictures in ${root} share their names with other pictures in other class folders; the folder is a part of their ids, as in ${named.get(first)}.`,
        ]
  return { pictures: result.sort((a, b) => (a.file < b.file ? -1 : 1)), warnings }
}

/** Files of one name, put together where their bytes are the same. */
async function byContent(name: string, files: readonly ClassPicture[]): Promise<Group[]> {
  const [only, ...more] = files
  if (more.length === 0) return [{ name, image: only!.image, folders: [only!.folder] }]
  const groups: (Group & { bytes: Buffer })[] = []
  for (const { image, folder } of files) {
    const bytes = await readFile(image).catch((cause: unknown) => {
      throw unreadable(image, cause)
    })
    const same = groups.find((group) => group.bytes.equals(bytes))
    if (same === undefined) groups.push({ name, image, folders: [folder], bytes })
    else same.folders.push(folder)
  }
  return groups.map(({ bytes: _, ...group }) => group)
}

/** The name of each group: its path in the class folder, with that folder where it would be another's name too. */
function uniqueNames(groups: readonly Group[], clashes: ReadonlySet<Group>): Map<Group, string> {
  const long = new Set(clashes)
  const nameOf = (group: Group) => (long.has(group) ? `${group.folders[0]}/${group.name}` : group.name)
  // A long name may be that of a file in a folder within another class folder: boat/1.jpg, and cat/boat/1.jpg.
  for (let before = -1; before !== long.size; ) {
    before = long.size
    const seen = new Map<string, Group>()
    for (const group of groups) {
      const other = seen.get(nameOf(group))
      if (other === undefined) seen.set(nameOf(group), group)
      else for (const each of [group, other]) long.add(each)
    }
  }
  return new Map(groups.map((group) => [group, nameOf(group)]))
}

function bothWays(root: string, { name, folders }: Group): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `${name} stands in ${BACKGROUND_FOLDER} and in a class folder of ${root} (${folders.join(', ')}).`,
    file: path.join(root, BACKGROUND_FOLDER, name),
    hint: `${BACKGROUND_FOLDER} is for pictures without any object: remove it there or from the class.`,
  })
}

function unreadable(file: string, cause: unknown): SemplesError {
  return new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `Could not read ${file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    file,
    hint: 'Check the permissions.',
    cause,
  })
}
