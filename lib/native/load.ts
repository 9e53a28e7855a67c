import { createRequire } from 'node:module'
import { basename, dirname } from 'node:path'
import { SemplesError } from '../base/error.js'
import type { LibTorch } from '../libtorch/candidate.js'
import { findLibTorch } from '../libtorch/find.js'
import { versionOfAbi } from '../libtorch/version.js'
import type { Addon } from './addon.js'
import { type AddonFile, buildHint } from './addonFile.js'
import { findNative } from './choose.js'
import { openKernels } from './cudaKernels.js'
import { type LoaderAddon, mappedTwice } from './loaderAddon.js'
import { collectWarnings, logWarning } from './logger.js'
import { limitOpenMpSpin } from './openmp.js'

export interface LoadOptions {
  /** A LibTorch folder or the `torch` folder of a Python installation; default: the first that is found. */
  libtorch?: string
}

/** The addon of this JavaScript environment (the main thread, or one worker thread) and what it runs on. */
export interface Loaded {
  addon: Addon
  addonFile: AddonFile
  libtorch: LibTorch
  loader: LoaderAddon
  /** Why the CUDA libraries of this LibTorch could not be opened; the processor works without them. */
  cudaProblem?: string
  /** Why there are no kernels for GPUs, as the end of a sentence; absent where they are open. */
  cudaKernelsProblem?: string
}

let loaded: Loaded | undefined

/**
 * The native addon, loaded at the first call together with LibTorch (about 0.3 s) and kept.
 * @throws SemplesError `SEMPLES_ADDON_NOT_FOUND`, `SEMPLES_LIBTORCH_NOT_FOUND`, `SEMPLES_LIBTORCH_VERSION`,
 * `SEMPLES_LIBTORCH_CONFLICT` (the process already runs another LibTorch), `SEMPLES_LIBTORCH_LOAD_FAILED`,
 * `SEMPLES_ADDON_LOAD_FAILED`; the message says what was looked at and what to type
 */
export function loadAddon(options: LoadOptions = {}): Addon {
  return load(options).addon
}

/** As `loadAddon`, with the files that were chosen. */
export function load(options: LoadOptions = {}): Loaded {
  if (loaded !== undefined) return options.libtorch === undefined ? loaded : sameLibTorch(loaded, options.libtorch)
  const { addonFile, libtorch } = findNative(options)
  const loader = requireAddon<LoaderAddon>(addonFile.loader)
  openLibTorch(loader, libtorch, addonFile)
  const cudaProblem = openCuda(loader, libtorch)
  const addon = requireAddon<Addon>(addonFile.file)
  requireBuiltFor(addon, addonFile)
  collectWarnings(() => addon.takeWarnings())
  const cudaKernelsProblem = openKernels(addon, addonFile, libtorch, cudaProblem)
  loaded = { addon, addonFile, libtorch, loader, cudaProblem, cudaKernelsProblem }
  return loaded
}

function sameLibTorch(present: Loaded, path: string): Loaded {
  const asked = findLibTorch({ libtorch: path, versions: [present.addonFile.builtFor] })
  if (asked.folder === present.libtorch.folder) return present
  throw conflict(asked, present.libtorch.folder)
}

function openLibTorch(loader: LoaderAddon, libtorch: LibTorch, addon: AddonFile): void {
  const foreign = mappedTwice(loader.mapped(), libtorch.libraries)
  if (foreign !== undefined) throw conflict(libtorch, dirname(foreign))
  limitOpenMpSpin()
  const { failure, said } = loader.open(libtorch.libraries)
  for (const line of said) logWarning(`OpenMP: ${line}`)
  if (failure !== undefined) {
    throw new SemplesError('SEMPLES_LIBTORCH_LOAD_FAILED', {
      message: `LibTorch in ${libtorch.folder} could not be opened: ${failure.reason}.`,
      hint: 'For the whole picture, type: npx semples doctor',
    })
  }
  const abi = loader.abiVersion()
  const version = abi === undefined ? 'of unknown version' : versionOfAbi(abi)
  if (version === addon.builtFor) return
  throw new SemplesError('SEMPLES_LIBTORCH_VERSION', {
    message: `LibTorch in ${libtorch.folder} is not the one that the addon was built for.`,
    value: version,
    expected: addon.builtFor,
    hint: 'To fetch the right one, type: npx semples libtorch install',
  })
}

/**
 * What a name or semples.json says may be wrong, or nothing said it. Symbols are bound when they are first used, so that
 * an addon for another LibTorch can be opened, and ends the process later.
 */
function requireBuiltFor({ builtForTorch }: Addon, { file, builtFor }: AddonFile): void {
  if (builtForTorch === builtFor) return
  throw new SemplesError('SEMPLES_ADDON_LOAD_FAILED', {
    message: `The native addon ${file} is for another LibTorch than its name says, or the semples.json beside it.`,
    value: builtForTorch,
    expected: builtFor,
    hint: buildHint(),
  })
}

/** Half an installation (a torch wheel without its nvidia wheels) computes on the processor; `cuda` is then an error. */
function openCuda(loader: LoaderAddon, { cudaLibraries }: LibTorch): string | undefined {
  const failure = cudaLibraries.length === 0 ? undefined : loader.open(cudaLibraries).failure
  return failure === undefined ? undefined : `${basename(failure.path)} could not be opened: ${failure.reason}`
}

function conflict(libtorch: LibTorch, present: string): SemplesError {
  return new SemplesError('SEMPLES_LIBTORCH_CONFLICT', {
    message: `This process already runs the LibTorch in ${present}; the one in ${libtorch.folder} cannot be loaded beside it.`,
    hint: 'Use one LibTorch a process: set SEMPLES_LIBTORCH before starting it.',
  })
}

/**
 * Loads an addon from its file.
 * @throws SemplesError `SEMPLES_ADDON_LOAD_FAILED`
 */
export function requireAddon<T>(file: string): T {
  try {
    return createRequire(file)(file) as T
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    const packed = /\.asar[\\/]/.test(file)
    throw new SemplesError('SEMPLES_ADDON_LOAD_FAILED', {
      message: `The native addon ${file} could not be loaded: ${reason}.`,
      hint: packed
        ? 'Native addons cannot be loaded from an asar archive: list semples under asarUnpack.'
        : 'For the whole picture, type: npx semples doctor',
      cause,
    })
  }
}
