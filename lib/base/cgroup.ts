import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What control groups (of a container, a service, a batch job) allow this process. */
export interface CgroupLimits {
  /** Bytes of memory that may be in use; absent where nothing limits it. */
  memoryLimit?: number
  /** Bytes in use against that limit, without file cache that the system gives up by itself. */
  memoryUsed?: number
  /** Processors that may be busy at a time, from the CPU quota, e.g. 1.5; absent where nothing limits it. */
  processors?: number
}

/**
 * Reads the limits of the control groups that this process is in, version 1 or 2; the tightest of a group and its
 * parents holds. What cannot be read limits nothing.
 * @param root folder that stands for `/`
 */
export function readCgroup(root = '/'): CgroupLimits {
  const limits: CgroupLimits = {}
  for (const { controllers, path } of groups(root)) {
    const version2 = controllers.length === 0
    for (const group of [path, ...parents(path)]) {
      const folder = (controller: string) =>
        version2 ? join(root, 'sys/fs/cgroup', group) : join(root, 'sys/fs/cgroup', controller, group)
      if (version2 || controllers.includes('memory')) tightenMemory(limits, folder('memory'), version2)
      if (version2 || controllers.includes('cpu')) tightenProcessors(limits, folder('cpu'), version2)
    }
  }
  return limits
}

/** The lines of /proc/self/cgroup: `0::/path` (version 2), `4:cpu,cpuacct:/path` (version 1). */
function groups(root: string): { controllers: string[]; path: string }[] {
  const lines = readText(join(root, 'proc/self/cgroup'))?.split('\n') ?? []
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined || path.split('/').includes('..')) return []
    return [{ controllers: controllers.split(',').filter(Boolean), path }]
  })
}

function parents(path: string): string[] {
  return path === '/' ? [] : [dirname(path), ...parents(dirname(path))]
}

function tightenMemory(limits: CgroupLimits, folder: string, version2: boolean): void {
  const limit = readNumber(join(folder, version2 ? 'memory.max' : 'memory.limit_in_bytes'))
  // Version 1 says "no limit" by a number close to 2^63.
  if (limit === undefined || limit >= 2 ** 60) return
  const all = readNumber(join(folder, version2 ? 'memory.current' : 'memory.usage_in_bytes')) ?? 0
  const statistics = readText(join(folder, 'memory.stat')) ?? ''
  const cache = new RegExp(`^${version2 ? '' : 'total_'}inactive_file (\\d+)$`, 'm').exec(statistics)?.[1]
  const used = Math.max(0, all - Number(cache ?? 0))
  if (limit - used >= (limits.memoryLimit ?? Number.POSITIVE_INFINITY) - (limits.memoryUsed ?? 0)) return
  limits.memoryLimit = limit
  limits.memoryUsed = used
}

function tightenProcessors(limits: CgroupLimits, folder: string, version2: boolean): void {
  const [quota, period] = version2
    ? (readText(join(folder, 'cpu.max')) ?? '').trim().split(/\s+/).map(Number)
    : [readNumber(join(folder, 'cpu.cfs_quota_us')), readNumber(join(folder, 'cpu.cfs_period_us'))]
  // `max` (version 2) and -1 (version 1) are no quota.
  if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) return
  limits.processors = Math.min(limits.processors ?? Number.POSITIVE_INFINITY, quota / period)
}

function readNumber(file: string): number | undefined {
  const text = readText(file)?.trim()
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
