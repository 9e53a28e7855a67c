import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The LibTorch that semples is built for and fetches. */
export const torchVersion = '2.13.0'

/** Minor versions that the addon compiles against, the preferred one first (docs/install.md says which were tried). */
export const supportedVersions = ['2.13', '2.14', '2.12', '2.11'] as const

/** `2.13` of `2.13.0+cpu`: LibTorch keeps its binary interface within a minor version. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.')
}

/** `2.13` of the number that `aoti_torch_abi_version` returns (0x020d000000000000). */
export function versionOfAbi(abi: bigint): string {
  return `${abi >> 56n}.${(abi >> 48n) & 0xffn}`
}

/**
 * The version of the LibTorch in a folder, read as text: `version.py` of a Python torch, or `build-version` of a
 * LibTorch archive. Nothing in the folder is executed.
 */
export function readTorchVersion(folder: string): string | undefined {
  const python = readText(join(folder, 'version.py'))
  const assigned = python === undefined ? undefined : /^__version__\s*=\s*['"]([^'"\s]+)['"]/m.exec(python)?.[1]
  if (assigned !== undefined) return assigned
  const version = readText(join(folder, 'build-version'))?.trim()
  return version !== undefined && /^\d+\.\d+/.test(version) ? version : undefined
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Folders that a path may stand for: itself, `torch` or `libtorch` in it, or its parent if it is named `lib`. */
export function torchFolders(path: string): string[] {
  return [path, join(path, 'torch'), join(path, 'libtorch'), ...(basename(path) === 'lib' ? [dirname(path)] : [])]
}
