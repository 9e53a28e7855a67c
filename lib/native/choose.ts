import type { LibTorch } from '../libtorch/candidate.js'
import { findLibTorch, type LibTorchSearch, searchLibTorch } from '../libtorch/find.js'
import { minorVersion, torchVersion } from '../libtorch/version.js'
import { type AddonFile, findAddons, type RefusedAddon, searchAddons } from './addonFile.js'

/** What was found of the two halves that run together: an addon, and a LibTorch of the version it was built for. */
export interface NativeSearch {
  addon: { found?: AddonFile; refused: RefusedAddon[] }
  libtorch: LibTorchSearch
  /** Minor versions of LibTorch that there are addons for. */
  versions: string[]
}

/**
 * Chooses LibTorch first, by its own order among the versions that there are addons for, then the addon for it. Opens
 * neither and throws nothing.
 * @param root folder of the package
 */
export function searchNative({ libtorch, root }: { libtorch?: string; root?: string } = {}): NativeSearch {
  const { candidates, refused } = searchAddons(root)
  const versions = candidates.length > 0 ? versionsOf(candidates) : [minorVersion(torchVersion)]
  const search = searchLibTorch({ libtorch, versions })
  const fitting = search.found === undefined ? undefined : addonFor(candidates, search.found)
  // Without a LibTorch: the addon for the one that would be fetched.
  const expected = candidates.find(({ builtFor }) => builtFor === versions[0])
  return { addon: { found: fitting ?? expected, refused }, libtorch: search, versions }
}

/**
 * As `searchNative`, but what is missing is an error that says what was looked at and what to type.
 * @throws SemplesError `SEMPLES_ADDON_NOT_FOUND`, `SEMPLES_LIBTORCH_NOT_FOUND`, `SEMPLES_LIBTORCH_VERSION`
 */
export function findNative(options: { libtorch?: string } = {}): { addonFile: AddonFile; libtorch: LibTorch } {
  const candidates = findAddons()
  const libtorch = findLibTorch({ libtorch: options.libtorch, versions: versionsOf(candidates) })
  return { addonFile: addonFor(candidates, libtorch)!, libtorch }
}

/** The version that semples fetches comes first. */
function versionsOf(candidates: readonly AddonFile[]): string[] {
  const versions = [...new Set(candidates.map(({ builtFor }) => builtFor))]
  const fetched = minorVersion(torchVersion)
  return versions.sort((one, other) => Number(other === fetched) - Number(one === fetched))
}

function addonFor(candidates: readonly AddonFile[], { version }: LibTorch): AddonFile | undefined {
  return candidates.find(({ builtFor }) => builtFor === minorVersion(version))
}
