import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packagePath } from '../base/package.js'
import type { LibTorch } from '../libtorch/candidate.js'
import { readTorchCuda } from '../libtorch/torchCuda.js'
import type { Addon } from './addon.js'
import { type AddonFile, prebuildFolder } from './addonFile.js'

/** A library with the kernels for GPUs. It serves every LibTorch for its version of CUDA. */
export interface KernelLibrary {
  /** Absolute path. */
  file: string
  /** Major version of CUDA that it is for. */
  cuda: number
  /** Compute capabilities that it has machine code for, e.g. `9.0`; absent where cuda.json beside it does not tell. */
  architectures?: string[]
  /** Compute capabilities that it has PTX for, which newer GPUs compile when they first use it. */
  ptx?: string[]
}

/** The library of kernels for a LibTorch, or why there is none. */
export interface KernelSearch {
  found?: KernelLibrary
  /** Why kernels cannot be had, as the end of a sentence. */
  problem?: string
  /** The folders that were looked into. */
  looked: string[]
}

const libraryName = 'semples_cuda.so'

/**
 * Looks in `cuda<major>` beside the addon, then among what the package brings: an addon that was built here finds it too.
 * One that SEMPLES_ADDON names has its own beside it or none. Opens nothing.
 * @param root folder of the package; code that was bundled out of it finds nothing there
 */
export function searchKernels(addon: AddonFile, libtorch: LibTorch, root: string = packagePath()): KernelSearch {
  if (libtorch.kind === 'cpu') return { problem: 'this LibTorch is a CPU build', looked: [] }
  const version = readTorchCuda(libtorch)
  if (version === undefined) return { problem: 'this LibTorch does not say of which CUDA it is', looked: [] }
  const cuda = Number.parseInt(version, 10)
  const packaged = addon.origin === 'SEMPLES_ADDON' ? [] : [join(root, 'prebuilds', prebuildFolder())]
  const looked = [...new Set([dirname(addon.file), ...packaged])].map((folder) => join(folder, `cuda${cuda}`))
  const file = looked.map((folder) => join(folder, libraryName)).find((path) => existsSync(path))
  if (file === undefined) return { problem: `there is no library of kernels for CUDA ${cuda}`, looked }
  return { found: { file, cuda, ...readContents(join(dirname(file), 'cuda.json')) }, looked }
}

/**
 * Opens the kernels where LibTorch is a CUDA build that was opened whole. A failure ends nothing: the processor computes.
 * @param cudaProblem why the CUDA libraries of LibTorch could not be opened
 * @returns why there are no kernels, as the end of a sentence; undefined where they are open
 */
export function openKernels(
  addon: Addon,
  addonFile: AddonFile,
  libtorch: LibTorch,
  cudaProblem?: string,
): string | undefined {
  if (cudaProblem !== undefined) return cudaProblem
  const { found, problem } = searchKernels(addonFile, libtorch)
  if (found === undefined) return problem
  try {
    addon.openCudaKernels(found.file)
    return undefined
  } catch (error) {
    return cannotOpen(found.file, (error as Error).message)
  }
}

/** The sentence for a library that is there and cannot be opened; the dynamic linker names the file itself. */
export function cannotOpen(file: string, reason: string): string {
  return `${file} could not be opened: ${reason.replace(`${file}: `, '')}`
}

/** What the build has written of what it compiled. */
function readContents(file: string): Pick<KernelLibrary, 'architectures' | 'ptx'> {
  try {
    const { architectures, ptx } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    return areCapabilities(architectures) && areCapabilities(ptx) ? { architectures, ptx } : {}
  } catch {
    return {}
  }
}

function areCapabilities(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && /^\d+\.\d$/.test(each))
}
