import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { wslFolder } from '../../native/gpus.js'
import type { Machine } from '../../native/machine.js'

/** A file or link named libcuda.so.1, through which programs reach the NVIDIA driver. */
export interface DriverLibrary {
  path: string
  /** `broken`: a link to nothing; `empty`: a file of no bytes, as container tools leave in images. */
  state: 'file' | 'broken' | 'empty'
  /** Where a broken link leads. */
  target?: string
}

/** What the system shows of an NVIDIA driver and of NVIDIA GPUs, without starting CUDA. */
export interface DriverFacts {
  /** CUDA version that the driver supports by its own word, e.g. `13.0`; absent where it was not asked or there is none. */
  cuda?: string
  /** Release of the driver, e.g. `580.65.06`. */
  release?: string
  libraries: DriverLibrary[]
  /** NVIDIA GPUs on the PCI bus, with or without a driver. */
  pciGpus: number
  /** Whether the kernel module is loaded (in a container: that of the host). */
  kernelModule: boolean
  /** Whether this process sees the driver's device files. */
  deviceFiles: boolean
  /** Whether this Linux runs inside Windows (WSL 2). */
  wsl: boolean
  container: boolean
  /** `debian`, `ubuntu`, … */
  distribution?: string
}

/** Folders that driver packages of the distributions, of containers and of NixOS use. */
const folders = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  wslFolder,
  '/usr/local/nvidia/lib64',
  '/usr/lib/x86_64-linux-gnu/nvidia/current',
  '/usr/local/cuda/compat',
  '/run/opengl-driver/lib',
]

/** Reads files alone; what only a running program tells (`cuda`) is added by `gatherFacts`. */
export function readDriver({ root, environment }: Pick<Machine, 'root' | 'environment'>): DriverFacts {
  const named = (environment.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder.startsWith('/'))
  const at = (path: string) => join(root, path)
  const module = readText(at('/proc/driver/nvidia/version'))
  const release = /Kernel Module\s+(?:for \S+\s+)?(\d+\.\d+(?:\.\d+)*)/.exec(module ?? '')?.[1]
  const distribution = /^ID="?([\w.-]+)"?$/m.exec(readText(at('/etc/os-release')) ?? '')?.[1]
  return {
    ...(release === undefined ? {} : { release }),
    libraries: [...new Set([...named, ...folders])].flatMap((folder) => library(root, join(folder, 'libcuda.so.1'))),
    pciGpus: pciGpus(at('/sys/bus/pci/devices')),
    kernelModule: module !== undefined,
    deviceFiles: ['/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(at(path))),
    wsl: /microsoft/i.test(readText(at('/proc/sys/kernel/osrelease')) ?? ''),
    container: ['/.dockerenv', '/run/.containerenv'].some((path) => existsSync(at(path))),
    ...(distribution === undefined ? {} : { distribution }),
  }
}

function library(root: string, path: string): DriverLibrary[] {
  let current = path
  // Links are followed by hand: absolute ones lead from the root that stands for `/`.
  for (let links = 0; links < 20; links++) {
    const status = lstatSync(join(root, current), { throwIfNoEntry: false })
    if (status === undefined) return links === 0 ? [] : [{ path, state: 'broken', target: current }]
    if (!status.isSymbolicLink()) {
      const { size } = statSync(join(root, current))
      return [{ path, state: size === 0 ? 'empty' : 'file' }]
    }
    current = resolve(dirname(current), readlinkSync(join(root, current)))
  }
  return [{ path, state: 'broken', target: current }]
}

/** Vendor 0x10de is NVIDIA; class 03 is a display controller, 3D ones included. */
function pciGpus(folder: string): number {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return 0
  }
  return names.filter((name) => {
    const [vendor, kind] = ['vendor', 'class'].map((file) => readText(join(folder, name, file))?.trim())
    return vendor === '0x10de' && kind?.startsWith('0x03')
  }).length
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
