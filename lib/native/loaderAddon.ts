import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import type { LossTermInfo } from './addon.js'

/** The small addon without LibTorch, native/loader/loader.cc. */
export interface LoaderAddon {
  /**
   * Opens libraries by absolute path, for good, visible to all opened later. `failure` is the first, if any; `said` are
   * the lines that an OpenMP runtime would have written to standard error (a setting in the environment that it does
   * not understand).
   */
  open(paths: string[]): { failure?: { path: string; reason: string }; said: string[] }
  /** Version of the open LibTorch, 0xMMmmpp0000000000; undefined while none is open. */
  abiVersion(): bigint | undefined
  /** Absolute paths of the shared libraries in this process; empty where the system does not tell. */
  mapped(): string[]
  /** CUDA version that the NVIDIA driver supports (13000 is 13.0); 0 without a driver. */
  driverVersion(): number
  /** What loss terms there are. */
  readonly lossTerms: LossTermInfo[]
}

/** A library of LibTorch that is in the process already, from another place. */
export function mappedTwice(mapped: string[], libraries: string[]): string | undefined {
  // The system reports the real paths of what it has mapped.
  const own = libraries.filter((library) => /libc10|libtorch/.test(basename(library))).map((path) => realpathSync(path))
  return mapped.find((path) => own.some((library) => basename(library) === basename(path) && library !== path))
}

/** The copies of the OpenMP runtime among the libraries of a process; more than one means two thread pools. */
export function openmpCopies(mapped: string[]): string[] {
  return mapped.filter((path) => /^libgomp[-.\w]*\.so/.test(basename(path)))
}
