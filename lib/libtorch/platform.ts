import { SemplesError } from '../base/error.js'

/** System, architecture and C library of this machine. */
export interface Platform {
  /** `process.platform`, e.g. `linux`. */
  system: string
  /** `process.arch`, e.g. `x64`. */
  architecture: string
  /** C library of a Linux system. */
  libc?: 'glibc' | 'musl'
  /** Version of glibc at run time, e.g. `2.36`. */
  glibc?: string
}

let known: Platform | undefined

/** Reads system, architecture and C library from the running Node, without starting a process. */
export function currentPlatform(): Platform {
  known ??= readPlatform()
  return known
}

function readPlatform(): Platform {
  const platform: Platform = { system: process.platform, architecture: process.arch }
  if (process.platform !== 'linux') return platform
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined
  if (report === undefined) return platform
  // The network section may ask the name server; it is not needed here.
  report.excludeNetwork = true
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  const glibc = header.glibcVersionRuntime
  return glibc === undefined ? { ...platform, libc: 'musl' } : { ...platform, libc: 'glibc', glibc }
}

/** Oldest glibc that the published LibTorch builds run on. */
export const oldestGlibc = '2.28'

/**
 * The platform tag of Python wheels for this machine, e.g. `manylinux_2_28_x86_64`.
 * @throws SemplesError `SEMPLES_PLATFORM_UNSUPPORTED` where PyTorch publishes no build that the addon could use.
 */
export function wheelPlatform(platform: Platform = currentPlatform()): string {
  const machines: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' }
  const machine = machines[platform.architecture]
  const hint =
    'Evaluation, reports and data sets work without LibTorch; set SEMPLES_LIBTORCH to use a LibTorch of your own.'
  if (platform.system !== 'linux' || machine === undefined) {
    throw new SemplesError('SEMPLES_PLATFORM_UNSUPPORTED', {
      message: 'There is no LibTorch to fetch for this machine.',
      value: `${platform.system}-${platform.architecture}`,
      expected: 'linux-x64 or linux-arm64',
      hint,
    })
  }
  if (platform.libc === 'musl') {
    throw new SemplesError('SEMPLES_PLATFORM_UNSUPPORTED', {
      message: 'This Linux uses musl, and PyTorch publishes LibTorch for glibc alone.',
      hint: `Use a Debian-based image such as node:22-bookworm-slim. ${hint}`,
    })
  }
  if (platform.glibc !== undefined && compareVersions(platform.glibc, oldestGlibc) < 0) {
    throw new SemplesError('SEMPLES_PLATFORM_UNSUPPORTED', {
      message: 'The C library of this system is too old for LibTorch.',
      value: `glibc ${platform.glibc}`,
      expected: `glibc ${oldestGlibc} or newer`,
      hint,
    })
  }
  return `manylinux_2_28_${machine}`
}

/** Orders dotted numbers: negative when `left` is older than `right`. */
export function compareVersions(left: string, right: string): number {
  const a = left.split('.').map(Number)
  const b = right.split('.').map(Number)
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
