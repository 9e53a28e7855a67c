import { spawnSync } from 'node:child_process'
import { oneOf } from '../base/count.js'
import { readEnvironment } from '../base/env.js'
import { SemplesError } from '../base/error.js'
import { listLibTorch } from './cache.js'
import { inspectLibTorch, type LibTorch, type LibTorchOrigin, type RefusedLibTorch } from './candidate.js'
import { currentPlatform } from './platform.js'
import { minorVersion, torchVersion } from './version.js'

export interface FindLibTorchOptions {
  /** A LibTorch folder or the `torch` folder of a Python installation; no other place is then searched. */
  libtorch?: string
  /** Minor versions that there are addons for; default that of this package. */
  versions?: readonly string[]
  /** Nothing may be fetched: errors say how to install from a file. */
  offline?: boolean
}

/** The LibTorch to use, if any, and the places that were refused before it. */
export interface LibTorchSearch {
  found?: LibTorch
  refused: RefusedLibTorch[]
}

/**
 * Searches for LibTorch: `options.libtorch`, `SEMPLES_LIBTORCH`, the user cache, the torch of the active `python3`.
 * A path that the user named (the first two) is used or refused; no other place is tried instead.
 * Opens no library and downloads nothing.
 */
export function searchLibTorch(options: FindLibTorchOptions = {}): LibTorchSearch {
  const wanted = options.versions ?? [minorVersion(torchVersion)]
  const refused: RefusedLibTorch[] = []
  const tryPath = (path: string, origin: LibTorchOrigin): LibTorch | undefined => {
    const inspected = inspectLibTorch(path, origin, wanted)
    if ('found' in inspected) return inspected.found
    refused.push(inspected.refused)
    return undefined
  }
  if (options.libtorch !== undefined) return { found: tryPath(options.libtorch, 'option'), refused }
  const named = readEnvironment('SEMPLES_LIBTORCH')
  if (named !== undefined) return { found: tryPath(named, 'SEMPLES_LIBTORCH'), refused }
  for (const { directory } of listLibTorch()) {
    const found = tryPath(directory, 'cache')
    if (found !== undefined) return { found, refused }
  }
  const python = torchOfPython()
  if (python.folder !== undefined) return { found: tryPath(python.folder, 'python3'), refused }
  refused.push({ origin: 'python3', path: 'python3', reason: python.reason })
  return { refused }
}

/**
 * As `searchLibTorch`, but throws if there is no LibTorch; the message lists the places searched and the command that
 * installs it.
 * @throws SemplesError `SEMPLES_LIBTORCH_NOT_FOUND`; `SEMPLES_LIBTORCH_VERSION` where all that was found is of
 * another version
 */
export function findLibTorch(options: FindLibTorchOptions = {}): LibTorch {
  const { found, refused } = searchLibTorch(options)
  if (found !== undefined) return found
  const wanted = oneOf(options.versions ?? [minorVersion(torchVersion)])
  const onlyVersions = refused.length > 0 && refused.every(({ reason }) => reason.startsWith('it is version'))
  throw new SemplesError(onlyVersions ? 'SEMPLES_LIBTORCH_VERSION' : 'SEMPLES_LIBTORCH_NOT_FOUND', {
    message: `LibTorch ${wanted} was not found. Looked at: ${refused.map(describeRefused).join('; ')}.`,
    hint: fetchHint(options),
  })
}

/** `SEMPLES_LIBTORCH /some/path (it does not exist)` */
export function describeRefused({ origin, path, reason }: RefusedLibTorch): string {
  return origin === path ? `${origin} (${reason})` : `${origin} ${path} (${reason})`
}

function fetchHint(options: FindLibTorchOptions): string {
  const install = options.offline
    ? 'To install it from a wheel of torch that was fetched elsewhere, type: npx semples libtorch install --from FILE'
    : 'To fetch it, type: npx semples libtorch install'
  if (options.libtorch !== undefined) return `Correct the option libtorch, or leave it out. ${install}`
  if (readEnvironment('SEMPLES_LIBTORCH') !== undefined) return `Correct or unset SEMPLES_LIBTORCH. ${install}`
  const { libc } = currentPlatform()
  return libc === 'musl'
    ? 'PyTorch publishes LibTorch for glibc alone: use an image such as node:22-bookworm-slim.'
    : install
}

// find_spec of a top-level module locates it without importing it; the current folder is not searched.
const locateTorch = [
  'import sys',
  'sys.path = [p for p in sys.path if p]',
  'from importlib.util import find_spec',
  's = find_spec("torch")',
  'sys.stdout.write("" if s is None or not s.submodule_search_locations else list(s.submodule_search_locations)[0])',
].join('\n')

function torchOfPython(): { folder?: string; reason: string } {
  const child = spawnSync('python3', ['-c', locateTorch], {
    encoding: 'utf8',
    env: process.env,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
  })
  if (child.error !== undefined) return { reason: 'no python3 on the PATH' }
  const folder = child.stdout.trim()
  return child.status === 0 && folder !== '' ? { folder, reason: '' } : { reason: 'it has no torch' }
}
