import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { readCgroup } from './cgroup.js'

/** Memory that this process may still take, and what says so. */
export interface FreeMemory {
  bytes: number
  /** The machine, or the control group of a container, a service or a batch job. */
  by: 'machine' | 'container'
}

/**
 * The smaller of what the machine has (MemAvailable: free, or cache that the system gives up by itself) and what control
 * groups leave; of what is in use already, nothing is counted.
 * @param root folder that stands for `/`
 */
export function freeMemory(root = '/'): FreeMemory {
  const machine = memAvailable(root) ?? freemem()
  const { memoryLimit, memoryUsed = 0 } = readCgroup(root)
  const container = memoryLimit === undefined ? Number.POSITIVE_INFINITY : Math.max(0, memoryLimit - memoryUsed)
  return container < machine ? { bytes: container, by: 'container' } : { bytes: machine, by: 'machine' }
}

/** `MemAvailable:   24043524 kB`; systems other than Linux have no such file. */
function memAvailable(root: string): number | undefined {
  try {
    const kibibytes = /^MemAvailable:\s*(\d+) kB/m.exec(readFileSync(join(root, 'proc/meminfo'), 'utf8'))?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  } catch {
    return undefined
  }
}

/** `8.8 GiB`, `640 MiB`. */
export function bytesText(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 1000 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}
