import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEnvironment } from '../base/env.js'
import { SemplesError } from '../base/error.js'
import { packageVersion } from '../base/version.js'
import { cacheFolder } from '../fetch/cache.js'
import { currentPlatform, type Platform } from '../libtorch/platform.js'
import { minorVersion, torchVersion } from '../libtorch/version.js'

/** The compiled addon and the small one that opens LibTorch for it. */
export interface AddonFile {
  /** `build`: built in this clone; `cache`: built by `semples build`; `prebuild`: brought by the package. */
  origin: 'SEMPLES_ADDON' | 'build' | 'cache' | 'prebuild'
  /** Absolute path of the addon. */
  file: string
  /** Absolute path of the loader that lies beside it. */
  loader: string
  /** Minor version of the LibTorch that it was built for, e.g. `2.13`. */
  builtFor: string
}

/** An addon that was looked for in vain. */
export interface RefusedAddon {
  origin: AddonFile['origin']
  path: string
  reason: string
}

/** The addons of this machine, the preferred one first, and where none was. */
export interface AddonSearch {
  candidates: AddonFile[]
  refused: RefusedAddon[]
}

/** The folder of the package: lib/native in a clone and dist/native in the package are two levels below it. */
export const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

const loaderName = 'semples_loader.node'

/** `linux-x64`: the folder of prebuilds/ for a machine. */
export function prebuildFolder(platform: Platform = currentPlatform()): string {
  return `${platform.system}-${platform.architecture}`
}

/** `torch2.13.glibc.node`: the name of an addon for a machine and a minor version of LibTorch. */
export function addonName(version: string, platform: Platform = currentPlatform()): string {
  return `torch${version}${platform.libc === undefined ? '' : `.${platform.libc}`}.node`
}

/** Where `semples build` keeps its addons. */
export function builtAddonFolder(): string {
  return join(cacheFolder('addons'), `${packageVersion()}-${prebuildFolder()}`)
}

/**
 * Looks for addons: `SEMPLES_ADDON` alone where it is set; else the build of this clone, what `semples build` made, the
 * prebuilt ones of this machine. Opens none.
 * @param root folder of the package
 */
export function searchAddons(root: string = packageFolder): AddonSearch {
  const search: AddonSearch = { candidates: [], refused: [] }
  const named = readEnvironment('SEMPLES_ADDON')
  if (named !== undefined) {
    consider(search, 'SEMPLES_ADDON', resolve(named))
    return search
  }
  consider(search, 'build', join(root, 'build', 'Release', 'semples.node'))
  considerFolder(search, 'cache', builtAddonFolder())
  considerFolder(search, 'prebuild', join(root, 'prebuilds', prebuildFolder()))
  return search
}

function consider({ candidates, refused }: AddonSearch, origin: AddonFile['origin'], file: string): void {
  const loader = join(dirname(file), loaderName)
  const missing = [file, loader].find((each) => !existsSync(each))
  if (missing === undefined) candidates.push({ origin, file, loader, builtFor: builtFor(file) })
  else refused.push({ origin, path: missing, reason: 'it does not exist' })
}

/** A folder with addons for several LibTorch versions, the newest first. */
function considerFolder(search: AddonSearch, origin: AddonFile['origin'], folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const suffix = addonName('')
  const addons = names.filter((name) => /^torch\d+\.\d+\./.test(name) && name.endsWith(suffix.slice('torch'.length)))
  if (addons.length === 0) search.refused.push({ origin, path: folder, reason: 'it holds no addon' })
  for (const name of addons.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))) {
    consider(search, origin, join(folder, name))
  }
}

/**
 * As `searchAddons`, but that there is none is an error that says what was looked at and what to type.
 * @throws SemplesError `SEMPLES_ADDON_NOT_FOUND`
 */
export function findAddons(root: string = packageFolder): AddonFile[] {
  const { candidates, refused } = searchAddons(root)
  if (candidates.length > 0) return candidates
  throw new SemplesError('SEMPLES_ADDON_NOT_FOUND', {
    message: `The native addon of semples was not found. Looked at: ${refused.map(describeRefusedAddon).join('; ')}.`,
    hint: buildHint(root),
  })
}

/** What to type where no addon fits. */
export function buildHint(root: string = packageFolder): string {
  if (readEnvironment('SEMPLES_ADDON') !== undefined) return 'Correct or unset SEMPLES_ADDON.'
  if (currentPlatform().libc === 'musl')
    return 'PyTorch publishes LibTorch for glibc alone: use an image such as node:22-bookworm-slim.'
  if (existsSync(join(root, 'binding.gyp'))) return 'To build it, type: npm run build'
  return `There is no prebuilt addon for this machine (${prebuildFolder()}). To build it, type: npx semples build`
}

export function describeRefusedAddon({ origin, path, reason }: RefusedAddon): string {
  return `${origin} ${path} (${reason})`
}

/** A build says so in semples.json beside it, a prebuilt addon in its name. */
function builtFor(file: string): string {
  const named = /torch(\d+\.\d+)[^/\\]*\.node$/.exec(file)?.[1]
  if (named !== undefined) return named
  try {
    const { torch } = JSON.parse(readFileSync(join(dirname(file), 'semples.json'), 'utf8')) as { torch?: unknown }
    if (typeof torch === 'string') return minorVersion(torch)
  } catch {
    // An addon of unknown making is taken to be for the LibTorch of this package.
  }
  return minorVersion(torchVersion)
}
