import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../base/error.js'
import { nearestName } from '../base/spelling.js'

/**
 * Refuses a path where nothing is, with the file beside it that is spelled most like it.
 *
 * @param what the file is, after "There is no": `labels file`
 * @param also another folder in which such a file may lie; and names that are no files
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`
 */
export async function requireFile(
  file: string,
  what: string,
  { folder, names = [] }: { folder?: string; names?: readonly string[] } = {},
): Promise<void> {
  if (existsSync(file)) return
  const folders = [...new Set([path.dirname(file), ...(folder === undefined ? [] : [folder])])]
  const found = await Promise.all(folders.map((each) => readdir(each).catch((): string[] => [])))
  const base = path.basename(file)
  const near = nearestName(base, [...names, ...found.flat()])
  const inside = folders[found.findIndex((entries) => near !== undefined && entries.includes(near))]
  const offered = near !== undefined && inside !== undefined ? path.join(inside, near) : near
  throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `There is no ${what} ${file}.`,
    file,
    hint:
      offered === undefined
        ? `Check the path${names.length === 0 ? '' : `, or give one of the tables ${names.join(', ')}`}.`
        : `Did you mean ${offered}?`,
  })
}
