import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { minorVersion, readTorchVersion, torchFolders, torchVersion } from './version.js'

/** Places that are searched for LibTorch, in order of preference. */
export type LibTorchOrigin = 'option' | 'SEMPLES_LIBTORCH' | 'cache' | 'python3'

export type LibTorchKind = 'cpu' | 'cuda'

/** A LibTorch that can be loaded. */
export interface LibTorch {
  origin: LibTorchOrigin
  /** The folder that holds `lib`, `include` and `share`. */
  folder: string
  /** Full version, e.g. `2.13.0+cpu`. */
  version: string
  kind: LibTorchKind
  /** Absolute paths of the libraries to open, in this order, before the addon is required. */
  libraries: string[]
  /** Those of a CUDA build for the GPU, to open after the others: without them it computes on the processor. */
  cudaLibraries: string[]
}

/** A place without a usable LibTorch. */
export interface RefusedLibTorch {
  origin: LibTorchOrigin
  /** The path as it was named; for a search that found no path, what was searched. */
  path: string
  /** Why it cannot be used, as the end of a sentence. */
  reason: string
}

export type Inspected = { found: LibTorch } | { refused: RefusedLibTorch }

/**
 * Checks a folder by its files and the version written in them; no library is opened.
 * @param wanted minor versions that there are addons for, e.g. `['2.13']`
 */
export function inspectLibTorch(
  path: string,
  origin: LibTorchOrigin,
  wanted: readonly string[] = [minorVersion(torchVersion)],
): Inspected {
  const refuse = (reason: string): Inspected => ({ refused: { origin, path, reason } })
  const absolute = resolve(path)
  if (!existsSync(absolute)) return refuse('it does not exist')
  const folder = torchFolders(absolute).find((candidate) => existsSync(join(candidate, 'lib', 'libtorch_cpu.so')))
  if (folder === undefined) return refuse('it holds no lib/libtorch_cpu.so')
  const version = readTorchVersion(folder)
  if (version === undefined) return refuse('neither version.py nor build-version states its version')
  if (!wanted.includes(minorVersion(version)))
    return refuse(`it is version ${version}, and the addon is built for ${wanted.join(', ')}`)
  if (!existsSync(join(folder, 'lib', 'libc10.so'))) return refuse('lib/libc10.so is missing')
  const lib = join(folder, 'lib')
  const kind = existsSync(join(lib, 'libtorch_cuda.so')) ? 'cuda' : 'cpu'
  const cudaLibraries = kind === 'cuda' ? ['libc10_cuda.so', 'libtorch_cuda.so'].map((name) => join(lib, name)) : []
  return { found: { origin, folder, version, kind, libraries: librariesToOpen(folder), cudaLibraries } }
}

/**
 * The OpenMP runtime comes first, so that everything opened later (the addon too) binds to this one copy;
 * two copies in one process would each start their own threads.
 */
function librariesToOpen(folder: string): string[] {
  const lib = join(folder, 'lib')
  const openmp = [lib, join(folder, '..', 'torch.libs')].flatMap((directory) =>
    filesIn(directory)
      .filter((name) => /^libgomp[-.\w]*\.so/.test(name))
      .map((name) => join(directory, name)),
  )
  return [...openmp.slice(0, 1), join(lib, 'libc10.so'), join(lib, 'libtorch_cpu.so')]
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}
