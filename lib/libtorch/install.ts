import { existsSync, statSync } from 'node:fs'
import { cp, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { SemplesError } from '../base/error.js'
import { unpackArchives } from '../fetch/archive.js'
import { checkSpace, withCacheFolder, withStaging } from '../fetch/cache.js'
import { type FetchOptions, formatBytes } from '../fetch/progress.js'
import { libTorchContents, placeInInstallation } from './archive.js'
import { type InstallationRecord, type InstalledLibTorch, libTorchCache, listLibTorch, recordFile } from './cache.js'
import { inspectLibTorch, type LibTorchKind } from './candidate.js'
import { fetchWheels } from './fetchWheels.js'
import { minorVersion, torchFolders, torchVersion } from './version.js'

/** `onProgress` is called before the first byte of each phase with its size, then as it advances. */
export interface InstallLibTorchOptions extends FetchOptions {
  /** Default `cpu`; with `from`, the kind of its files. */
  kind?: LibTorchKind
  /** A torch wheel, a LibTorch zip archive, or a folder of either unpacked, instead of a download. */
  from?: string
  /** Install again even if it is installed. */
  force?: boolean
}

/**
 * Installs LibTorch into the user cache, where every later process finds it. Fetches about 190 MB (CPU) or 2.5 GB (CUDA)
 * and keeps the files that building and running the addon need. Only one process installs at a time, others wait for it.
 * An interrupted installation is never taken for a complete one; the next call goes on with what it downloaded and removes
 * its other leftovers.
 * @throws SemplesError `SEMPLES_FETCH_FAILED`, `SEMPLES_LIBTORCH_INVALID`, `SEMPLES_WRITE_FAILED`,
 *   `SEMPLES_PLATFORM_UNSUPPORTED`; the signal's reason when aborted
 */
export async function installLibTorch(options: InstallLibTorchOptions = {}): Promise<InstalledLibTorch> {
  options.signal?.throwIfAborted()
  if (options.from !== undefined && !existsSync(options.from)) {
    throw new SemplesError('SEMPLES_LIBTORCH_INVALID', {
      message: 'The file or folder to install LibTorch from does not exist.',
      file: options.from,
      expected: 'a torch wheel, a LibTorch zip archive or a folder',
    })
  }
  const cache = libTorchCache()
  return withCacheFolder(cache, 'LibTorch', options, async () => {
    const present = options.force || options.from !== undefined ? undefined : installed(options.kind ?? 'cpu')
    const result = present ?? (await install(cache, options))
    options.onProgress?.({
      phase: 'done',
      message: `LibTorch ${result.version} is in ${result.directory}`,
      doneBytes: 0,
    })
    return result
  })
}

function installed(kind: LibTorchKind): InstalledLibTorch | undefined {
  const wanted = minorVersion(torchVersion)
  return listLibTorch().find((each) => each.kind === kind && minorVersion(each.version) === wanted)
}

async function install(cache: string, options: InstallLibTorchOptions): Promise<InstalledLibTorch> {
  return withStaging(cache, async (staging) => {
    const unpacked = join(staging, 'unpacked')
    const { bytes, source } = await obtainFiles(staging, unpacked, options)
    const { version, kind } = check(unpacked, source, options.kind)
    const record: InstallationRecord = { version, kind, source, bytes, installedAt: new Date().toISOString() }
    await writeFile(join(unpacked, recordFile), `${JSON.stringify(record, null, 2)}\n`)
    options.signal?.throwIfAborted()
    const name = kind === 'cuda' && !version.includes('+') ? `${version}+cuda` : version
    const directory = join(cache, name)
    if (existsSync(directory)) await rename(directory, join(staging, 'replaced'))
    await rename(unpacked, directory)
    return { ...record, name, directory }
  })
}

async function obtainFiles(staging: string, target: string, options: InstallLibTorchOptions) {
  const { from, onProgress, signal } = options
  if (from !== undefined && statSync(from).isDirectory()) {
    return { bytes: await copyFolder(resolve(from), target, options), source: resolve(from) }
  }
  const archives =
    from !== undefined ? [resolve(from)] : await fetchWheels(options.kind ?? 'cpu', staging, { onProgress, signal })
  const bytes = await unpackArchives(archives, target, libTorchContents, { onProgress, signal })
  return { bytes, source: basename(archives[0]!) }
}

function check(unpacked: string, source: string, kind?: LibTorchKind) {
  const inspected = inspectLibTorch(unpacked, 'cache')
  const fail = (reason: string) =>
    new SemplesError('SEMPLES_LIBTORCH_INVALID', { message: `${source} is not a LibTorch for semples: ${reason}.` })
  if ('refused' in inspected) throw fail(inspected.refused.reason)
  const { found } = inspected
  if (kind !== undefined && found.kind !== kind) throw fail(`it is a ${found.kind} build, and ${kind} was asked for`)
  return found
}

/** Copies the files that an archive of the folder would install. */
async function copyFolder(from: string, target: string, options: InstallLibTorchOptions): Promise<number> {
  const folder = torchFolders(from).find((candidate) => existsSync(join(candidate, 'lib'))) ?? from
  const roots = [
    { root: folder, prefix: 'torch' },
    { root: join(folder, '..', 'torch.libs'), prefix: 'torch.libs' },
    { root: join(folder, '..', 'nvidia'), prefix: 'nvidia' },
  ].filter(({ root }) => existsSync(root))
  const files: { file: string; place: string; size: number }[] = []
  for (const { root, prefix } of roots) {
    for (const name of await readdir(root, { recursive: true })) {
      const place = placeInInstallation([prefix, ...relative(root, join(root, name)).split(sep)].join('/'))
      const file = join(root, name)
      const found = place === undefined ? undefined : await stat(file)
      if (found?.isFile()) files.push({ file, place: place!, size: found.size })
    }
  }
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0)
  await mkdir(target, { recursive: true })
  await checkSpace(target, totalBytes, 'LibTorch')
  let doneBytes = 0
  for (const { file, place, size } of files) {
    options.signal?.throwIfAborted()
    options.onProgress?.({ phase: 'unpack', message: `Copying ${formatBytes(totalBytes)}`, doneBytes, totalBytes })
    await cp(file, join(target, place), { dereference: true })
    doneBytes += size
  }
  return doneBytes
}
