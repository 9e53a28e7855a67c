import { existsSync } from 'node:fs'
import { copyFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { makeFolders } from '../../base/folders.js'
import { packageFolder } from '../../base/package.js'
import { cacheFolder, withCacheFolder } from '../../fetch/cache.js'
import type { ReportProgress } from '../../fetch/progress.js'
import type { LibTorch } from '../../libtorch/candidate.js'
import { findLibTorch } from '../../libtorch/find.js'
import { currentPlatform } from '../../libtorch/platform.js'
import { minorVersion, supportedVersions } from '../../libtorch/version.js'
import { type AddonFile, addonName, builtAddonFolder } from '../addonFile.js'
import { compileAddon } from './compile.js'
import { findBuildTools } from './tools.js'

export interface BuildOptions {
  /** A LibTorch folder or the `torch` folder of a Python installation; default: the first that is found. */
  libtorch?: string
  onProgress?: ReportProgress
  signal?: AbortSignal
}

/**
 * Builds the addon from the sources of the package for a LibTorch of this machine and keeps it in the user cache, where
 * every later process finds it. Takes minutes; an interrupted build goes on where it stopped.
 * @throws SemplesError `SEMPLES_BUILD_FAILED`, `SEMPLES_LIBTORCH_NOT_FOUND`, `SEMPLES_LIBTORCH_VERSION`,
 *   `SEMPLES_PLATFORM_UNSUPPORTED`, `SEMPLES_WRITE_FAILED`; the signal's reason
 */
export async function buildAddon(options: BuildOptions = {}): Promise<AddonFile> {
  checkSources()
  const libtorch = findLibTorch({ libtorch: options.libtorch, versions: supportedVersions })
  checkHeaders(libtorch)
  const version = minorVersion(libtorch.version)
  const work = cacheFolder('build')
  return withCacheFolder(work, 'the build of the addon', options, async () => {
    const say = (message: string) => options.onProgress?.({ phase: 'search', message, doneBytes: 0 })
    const tools = await findBuildTools(join(work, 'tools'), say, options)
    say(`Building the addon for LibTorch ${libtorch.version} with ${tools.compiler}`)
    const output = await compileAddon({
      tools,
      source: packageFolder(),
      binary: join(work, `torch${version}`),
      libtorch: libtorch.folder,
      signal: options.signal,
      onLine: (line) => reportLine(line, options.onProgress),
    })
    const target = builtAddonFolder()
    await makeFolders(target)
    const loader = await publish(join(output, 'semples_loader.node'), join(target, 'semples_loader.node'))
    const file = await publish(join(output, 'semples.node'), join(target, addonName(version)))
    await rm(join(work, `torch${version}`), { recursive: true, force: true })
    return { origin: 'cache', file, loader, builtFor: version }
  })
}

/** Ninja's `[12/72] …` as a share of what is to be done. */
function reportLine(line: string, onProgress?: ReportProgress): void {
  const [, done, total] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? []
  if (done === undefined) return
  onProgress?.({ phase: 'build', message: 'Compiling', doneBytes: Number(done), totalBytes: Number(total) })
}

function checkSources(): void {
  const { system, architecture, libc } = currentPlatform()
  if (libc === 'musl' || system === 'win32') {
    throw new SemplesError('SEMPLES_PLATFORM_UNSUPPORTED', {
      message: `The addon cannot be built here: ${libc === 'musl' ? 'PyTorch publishes LibTorch for glibc alone' : 'its build is written for Linux and macOS'}.`,
      value: libc === 'musl' ? `${system}-${architecture} with musl` : `${system}-${architecture}`,
      expected: 'Linux with glibc',
      hint: libc === 'musl' ? 'Use an image such as node:22-bookworm-slim.' : 'Use WSL or a container.',
    })
  }
  if (existsSync(join(packageFolder(), 'CMakeLists.txt'))) return
  throw new SemplesError('SEMPLES_BUILD_FAILED', {
    message: 'The sources of the addon are not beside this code.',
    file: packageFolder(),
    expected: 'CMakeLists.txt and native/',
    hint: 'Install semples as a package; where it is bundled, keep it external.',
  })
}

function checkHeaders({ folder }: LibTorch): void {
  if (existsSync(join(folder, 'include', 'torch', 'csrc', 'api', 'include', 'torch', 'torch.h'))) return
  throw new SemplesError('SEMPLES_LIBTORCH_INVALID', {
    message: 'This LibTorch has no headers to build with.',
    file: folder,
    expected: 'include/torch/csrc/api/include/torch/torch.h',
    hint: 'To fetch one, type: npx semples libtorch install',
  })
}

/** Replaces a file at once: a process that has mapped the old one keeps it. */
async function publish(from: string, to: string): Promise<string> {
  const beside = `${to}.${process.pid}`
  await copyFile(from, beside)
  await rename(beside, to)
  return to
}
