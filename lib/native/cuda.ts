import type { LibTorch } from '../libtorch/candidate.js'
import { callNative } from './errors.js'
import type { Loaded } from './load.js'

/** What decides whether a CUDA device can be had. */
export interface CudaFacts {
  /** CUDA devices that LibTorch sees. */
  devices: number
  libtorch: Pick<LibTorch, 'kind' | 'version'>
  /** Why its CUDA libraries could not be opened. */
  cudaProblem?: string
  /** CUDA version that the NVIDIA driver supports (13000 is 13.0); 0 without a driver. */
  driver: number
  /** `CUDA_VISIBLE_DEVICES`. */
  visibleDevices?: string
}

/** Asks LibTorch for its devices and, only where a CUDA build has none, the driver for its version. */
export function cudaFacts({ addon, loader, libtorch, cudaProblem }: Loaded): CudaFacts {
  const devices = callNative(() => addon.runtimeInfo()).cudaDevices
  const driver = devices === 0 && libtorch.kind === 'cuda' ? loader.driverVersion() : 0
  return { devices, libtorch, cudaProblem, driver, visibleDevices: process.env.CUDA_VISIBLE_DEVICES }
}

/** `13.0` of 13000, as the driver states it. */
export function cudaVersion(driver: number): string {
  return `${Math.floor(driver / 1000)}.${Math.floor((driver % 1000) / 10)}`
}

/** Why there is no CUDA device, as the end of a sentence; undefined where there is one. */
export function whyNoCuda({ devices, libtorch, cudaProblem, driver, visibleDevices }: CudaFacts): string | undefined {
  if (devices > 0) return undefined
  if (libtorch.kind === 'cpu') return 'this LibTorch is a CPU build'
  const noDriver = driver === 0 ? ['there is no NVIDIA driver'] : []
  if (cudaProblem !== undefined) return [...noDriver, cudaProblem].join(', and ')
  if (driver === 0) return noDriver[0]
  if (visibleDevices?.trim() === '') return 'CUDA_VISIBLE_DEVICES is empty, which hides every GPU'
  const shown = visibleDevices === undefined ? '' : `, and CUDA_VISIBLE_DEVICES is ${visibleDevices}`
  return `LibTorch ${libtorch.version} finds no usable GPU (the NVIDIA driver is for CUDA up to ${cudaVersion(driver)}${shown})`
}
