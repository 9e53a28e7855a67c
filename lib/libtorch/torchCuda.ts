import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LibTorch } from './candidate.js'

/**
 * The CUDA version that a LibTorch was built for, read as text: `cuda` in version.py, the end of its version
 * (`2.13.0+cu126`), or else the name of the CUDA runtime beside it (`libcudart.so.13`: then the major version alone).
 * Undefined for CPU builds.
 */
export function readTorchCuda({ folder, kind, version }: Pick<LibTorch, 'folder' | 'kind' | 'version'>) {
  if (kind !== 'cuda') return undefined
  const assigned = /^cuda(?:\s*:[^=\n]*)?\s*=\s*['"](\d+\.\d+)/m.exec(readText(join(folder, 'version.py')))?.[1]
  if (assigned !== undefined) return assigned
  const [, major, minor] = /\+cu(\d+)(\d)$/.exec(version) ?? []
  if (major !== undefined) return `${major}.${minor}`
  const runtimes = [join(folder, 'lib'), ...nvidiaFolders(join(folder, '..', 'nvidia'))].flatMap(filesIn)
  return runtimes.map((name) => /^libcudart(?:-[0-9a-f]+)?\.so\.(\d+)/.exec(name)?.[1]).find(Boolean)
}

/** nvidia/cu13/lib, nvidia/cuda_runtime/lib, … as the nvidia-* wheels lay them out beside torch. */
function nvidiaFolders(folder: string): string[] {
  return filesIn(folder).map((name) => join(folder, name, 'lib'))
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
