import { readFileSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { join } from 'node:path'
import { readCgroup } from '../../base/cgroup.js'
import type { Machine } from '../../native/machine.js'

export interface ProcessorFacts {
  /** Processors that this process may run on. */
  processors: number
  /** Processors that may be busy at a time, by the CPU quota of a container, e.g. 1.5. */
  quota?: number
  /** OMP_NUM_THREADS, as it is set. */
  ompNumThreads?: string
}

export interface MemoryFacts {
  totalBytes: number
  /** What programs can still take. */
  availableBytes: number
  /** Limit of a container, a service or a batch job. */
  limitBytes?: number
  /** What is in use of that limit. */
  usedOfLimitBytes?: number
}

export function readProcessors({ root, environment }: Pick<Machine, 'root' | 'environment'>): ProcessorFacts {
  const { processors: quota } = readCgroup(root)
  const { OMP_NUM_THREADS: ompNumThreads } = environment
  return {
    processors: availableParallelism(),
    ...(quota === undefined ? {} : { quota }),
    ...(ompNumThreads ? { ompNumThreads } : {}),
  }
}

export function readMemory({ root }: Pick<Machine, 'root'>): MemoryFacts {
  const { memoryLimit, memoryUsed } = readCgroup(root)
  const table = readTable(join(root, 'proc/meminfo'))
  return {
    totalBytes: table('MemTotal') ?? totalmem(),
    availableBytes: table('MemAvailable') ?? freemem(),
    ...(memoryLimit === undefined ? {} : { limitBytes: memoryLimit, usedOfLimitBytes: memoryUsed }),
  }
}

/** `MemAvailable:   24043524 kB` */
function readTable(file: string): (name: string) => number | undefined {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // Systems other than Linux have no such file.
  }
  return (name) => {
    const kibibytes = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  }
}
