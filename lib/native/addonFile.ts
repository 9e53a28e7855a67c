import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEnvironment } from '../base/env.js'
import { SemplesError } from '../base/error.js'
import { currentPlatform, type Platform } from '../libtorch/platform.js'
import { minorVersion, torchVersion } from '../libtorch/version.js'

/** The compiled addon and the small one that opens LibTorch for it. */
export interface AddonFile {
  origin: 'SEMPLES_ADDON' | 'build' | 'prebuild'
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

/** The folder of the package: lib/native in a clone and dist/native in the package are two levels below it. */
export const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** `linux-x64`: the folder of prebuilds/ for a machine. */
export function prebuildFolder(platform: Platform = currentPlatform()): string {
  return `${platform.system}-${platform.architecture}`
}

/**
 * Chooses the addon: `SEMPLES_ADDON`, the build of this clone, the prebuilt one of this machine. Opens none.
 * @param root folder of the package
 */
export function searchAddon(root: string = packageFolder): { found?: AddonFile; refused: RefusedAddon[] } {
  const refused: RefusedAddon[] = []
  const inspect = (file: string, loader: string, origin: AddonFile['origin']): AddonFile | undefined => {
    const missing = [file, loader].find((each) => !existsSync(each))
    if (missing === undefined) return { origin, file, loader, builtFor: builtFor(file) }
    refused.push({ origin, path: missing, reason: 'it does not exist' })
    return undefined
  }
  const named = readEnvironment('SEMPLES_ADDON')
  if (named !== undefined) {
    const file = resolve(named)
    return { found: inspect(file, join(dirname(file), 'semples_loader.node'), 'SEMPLES_ADDON'), refused }
  }
  const build = join(root, 'build', 'Release')
  const built = inspect(join(build, 'semples.node'), join(build, 'semples_loader.node'), 'build')
  if (built !== undefined) return { found: built, refused }
  const folder = join(root, 'prebuilds', prebuildFolder())
  const name = prebuiltAddons(folder)[0]
  if (name === undefined) {
    refused.push({ origin: 'prebuild', path: folder, reason: 'it holds no addon' })
    return { refused }
  }
  return { found: inspect(join(folder, name), join(folder, 'semples_loader.node'), 'prebuild'), refused }
}

/**
 * As `searchAddon`, but an absent addon is an error that says what was looked at and what to type.
 * @throws SemplesError `SEMPLES_ADDON_NOT_FOUND`
 */
export function findAddon(root: string = packageFolder): AddonFile {
  const { found, refused } = searchAddon(root)
  if (found !== undefined) return found
  throw new SemplesError('SEMPLES_ADDON_NOT_FOUND', {
    message: `The native addon of semples was not found. Looked at: ${refused.map(describeRefusedAddon).join('; ')}.`,
    hint: buildHint(root),
  })
}

function buildHint(root: string): string {
  if (readEnvironment('SEMPLES_ADDON') !== undefined) return 'Correct or unset SEMPLES_ADDON.'
  if (existsSync(join(root, 'CMakeLists.txt'))) return 'To build it, type: npm run build'
  return `There is no prebuilt addon for ${prebuildFolder()}: build semples from its repository (npm run build) and name the addon in SEMPLES_ADDON.`
}

export function describeRefusedAddon({ origin, path, reason }: RefusedAddon): string {
  return `${origin} ${path} (${reason})`
}

/** `torch2.13-cpu.glibc.node`, the newest LibTorch first. */
function prebuiltAddons(folder: string): string[] {
  if (!existsSync(folder)) return []
  const suffix = currentPlatform().libc === undefined ? '.node' : `.${currentPlatform().libc}.node`
  return readdirSync(folder)
    .filter((name) => /^torch\d+\.\d+/.test(name) && name.endsWith(suffix))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
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
