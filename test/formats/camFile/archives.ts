import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'

const folder = path.join(import.meta.dirname, '../../fixtures/camFiles')

/** Archives of files that NumPy and torch wrote; make.py beside them says what each file holds. */
export const ARCHIVES = ['python2', 'numpy1.26', 'numpy2-torch2.13', 'torch1.4'] as const

export async function archivedFiles(archive: (typeof ARCHIVES)[number]): Promise<Map<string, Uint8Array>> {
  return new Map(Object.entries(unzipSync(new Uint8Array(await readFile(path.join(folder, `${archive}.zip`))))))
}

/** The same files from the given Python. */
export async function freshFiles(python: string): Promise<Map<string, Uint8Array>> {
  const temporary = await mkdtemp(path.join(tmpdir(), 'semples-cams-'))
  try {
    const out = path.join(temporary, 'files.zip')
    await promisify(execFile)(python, [path.join(folder, 'make.py'), out])
    return new Map(Object.entries(unzipSync(new Uint8Array(await readFile(out)))))
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** All maps of make.py, by its formula: element i is (i - 8) / 8, or i where they are integers. */
export function expectedMaps(integers: boolean): number[] {
  return Array.from({ length: 18 }, (_, i) => (integers ? i : (i - 8) / 8))
}
