import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { isHiddenName } from '../pictureNames.js'
import { madeBySemples } from './made.js'

export interface Walk {
  /** Paths of all files inside the folder, with `/`, sorted. */
  files: string[]
  /** Those among them that semples wrote: masks, maps, whole runs. */
  made: ReadonlySet<string>
  /** Why: `masks holds what semples wrote (masks.json)`, one for each folder inside that has such files. */
  reasons: string[]
}

/**
 * All files in a folder and the folders within it. One rule for links: they are followed, to files and to folders, but no
 * folder is entered twice, nor by a link to one within or around the folder itself. Links that lead nowhere, hidden files and
 * what systems leave behind are not seen.
 *
 * @param isPart the folder is a part of a data set: what semples wrote into it counts as such
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` for a folder that is gone or cannot be read
 */
export async function walkFolder(root: string, isPart = false): Promise<Walk> {
  const walk = { files: [] as string[], made: new Set<string>(), reasons: [] as string[] }
  const real = await realpath(root).catch(() => path.resolve(root))
  const entered = new Set<string>()
  // Links come last: a folder that is reached both ways has its own name.
  const links: { inside: string; made: boolean }[] = []
  await enter('', real, false)
  for (let next = links.shift(); next !== undefined; next = links.shift()) {
    const target = await realpath(path.join(root, next.inside)).catch(() => undefined)
    if (target === undefined || target.startsWith(real + path.sep) || real.startsWith(target + path.sep)) continue
    await enter(next.inside, target, next.made)
  }
  walk.files.sort()
  return walk

  async function enter(inside: string, target: string, within: boolean): Promise<void> {
    if (entered.has(target)) return
    entered.add(target)
    const folder = path.join(root, inside)
    const all = await entriesOf(folder)
    const entries = all.filter(({ name }) => !isHiddenName(name))
    const marks = await madeBySemples(
      folder,
      all.map(({ name }) => name),
      inside === '' && !isPart,
    )
    if (marks.because !== undefined && !within) walk.reasons.push(`${inside === '' ? folder : inside} ${marks.because}`)
    for (const entry of entries) {
      const name = inside === '' ? entry.name : `${inside}/${entry.name}`
      const kind = await kindOf(entry, path.join(folder, entry.name))
      if (kind === 'file') {
        walk.files.push(name)
        if (within || marks.isMade(entry.name)) walk.made.add(name)
      } else if (kind === 'folder') await enter(name, path.join(target, entry.name), within || marks.whole)
      else if (kind === 'link') links.push({ inside: name, made: within || marks.whole })
    }
    // Made files of folders within are listed by their paths from here.
    for (const listed of marks.listed) walk.made.add(inside === '' ? listed : `${inside}/${listed}`)
  }
}

/**
 * The folders right in a folder, sorted: its own and links to others.
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`
 */
export async function foldersIn(root: string): Promise<{ folders: string[]; files: string[] }> {
  const entries = (await entriesOf(root)).filter(({ name }) => !isHiddenName(name))
  const real = await realpath(root).catch(() => path.resolve(root))
  const kinds = await Promise.all(
    entries.map(async (entry) => {
      const kind = await kindOf(entry, path.join(root, entry.name))
      if (kind !== 'link') return kind
      // A link to the folder itself, or to one around it, is no folder in it.
      const target = await realpath(path.join(root, entry.name)).catch(() => real)
      return `${real}${path.sep}`.startsWith(`${target}${path.sep}`) ? undefined : kind
    }),
  )
  const named = (wanted: readonly unknown[]) =>
    entries
      .filter((_, i) => wanted.includes(kinds[i]))
      .map(({ name }) => name)
      .sort()
  return { folders: named(['folder', 'link']), files: named(['file']) }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // The order of a disk is no order to rely on.
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: code === 'ENOENT' ? `There is no folder ${folder}.` : `The folder ${folder} cannot be read: ${message}.`,
      file: folder,
      hint:
        code === 'ENOENT'
          ? 'Check the path; it is taken from the working directory.'
          : 'Check the path and the permissions.',
      cause,
    })
  }
}

async function kindOf(entry: Dirent, file: string): Promise<'file' | 'folder' | 'link' | undefined> {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  if (!entry.isSymbolicLink()) return undefined
  const target = await stat(file).catch(() => undefined)
  if (target?.isDirectory()) return 'link'
  return target?.isFile() ? 'file' : undefined
}
