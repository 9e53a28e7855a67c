import { count } from '../base/count.js'
import type { Addon } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'

/** What `device` and `threads` of a configuration came to. */
export interface Compute {
  device: string
  threads: number
  torch: string
  /** One line for people. */
  description: string
}

/**
 * Chooses device and threads. A requested device is obtained or is an error where it is first used; only `auto`
 * takes what is there, and says so.
 */
export async function chooseCompute(device: string, threads: number | 'auto'): Promise<Compute> {
  const addon: Addon = loadAddon()
  const info = callNative(() => addon.runtimeInfo())
  const chosen = device === 'auto' ? (info.cudaDevices > 0 ? 'cuda' : 'cpu') : device
  const used = await callNative(() => addon.setThreads(threads === 'auto' ? info.threads : threads))
  const why = device === 'auto' ? (chosen === 'cpu' ? ' (auto: no CUDA device)' : ' (auto)') : ''
  return {
    device: chosen,
    threads: used,
    torch: info.torch,
    description: `device ${chosen}${why}, ${count(used, 'thread')}, LibTorch ${info.torch}`,
  }
}
