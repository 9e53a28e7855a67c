/** The parts of a wheel's name that decide where it fits (PEP 427). */
export interface WheelName {
  /** Normalised: `nvidia-cuda-runtime`. */
  project: string
  version: string
  /** `cp311`, `py3`, `py2.py3`. */
  python: string
  /** One or more, e.g. `manylinux2014_x86_64` and `manylinux_2_17_x86_64`. */
  platforms: string[]
}

/** Undefined for other files. */
export function parseWheelName(name: string): WheelName | undefined {
  const parts = /^(.+?)-([^-]+)(?:-\d[^-]*)?-([^-]+)-[^-]+-([^-]+)\.whl$/.exec(name)
  if (parts === null) return undefined
  const [, project, version, python, platforms] = parts as unknown as [string, string, string, string, string]
  return { project: normalise(project), version, python, platforms: platforms.split('.') }
}

/** `nvidia_cuda.runtime` and `Nvidia-CUDA-runtime` name the same project (PEP 503). */
export function normalise(project: string): string {
  return project.toLowerCase().replace(/[-_.]+/g, '-')
}

const olderManylinux: Record<string, number> = { manylinux1: 5, manylinux2010: 12, manylinux2014: 17 }

/** Whether a wheel runs where those of `wanted` do, e.g. `manylinux_2_28_x86_64`: older tags of the same machine, and `any`. */
export function fitsPlatform(platforms: readonly string[], wanted: string): boolean {
  const newest = glibcOf(wanted)
  return platforms.some((tag) => {
    if (tag === 'any' || tag === wanted) return true
    const glibc = glibcOf(tag)
    return newest !== undefined && glibc?.machine === newest.machine && glibc.minor <= newest.minor
  })
}

function glibcOf(tag: string): { minor: number; machine: string } | undefined {
  const [, family, minor, machine] = /^(manylinux\d+|manylinux_2_(\d+))_([a-z]\w*)$/.exec(tag) ?? []
  if (family === undefined) return undefined
  const number = minor === undefined ? olderManylinux[family] : Number(minor)
  return number === undefined ? undefined : { minor: number, machine: machine! }
}
