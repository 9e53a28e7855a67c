import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Creates a folder and its missing parents, one `mkdir` at a time: Node's own recursive form never returns on file
 * systems that fail every creation with ENOENT, such as /proc.
 *
 * @throws the error of `mkdir`: EACCES, ENOTDIR, ENOSPC, ...; EEXIST where a file has that name
 */
export async function makeFolders(path: string): Promise<void> {
  const folder = resolve(path)
  try {
    await makeFolder(folder)
  } catch (error) {
    const parent = dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error
    await makeFolders(parent)
    await makeFolder(folder)
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Recursive on what exists only checks that it is a folder.
    await mkdir(folder, { recursive: true })
  }
}
