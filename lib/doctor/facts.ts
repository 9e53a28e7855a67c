import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { nodeRange, packageFolder, packageVersion } from '../base/package.js'
import type { LibTorch, RefusedLibTorch } from '../libtorch/candidate.js'
import { currentPlatform, type Platform } from '../libtorch/platform.js'
import { readTorchCuda } from '../libtorch/torchCuda.js'
import { versionOfAbi } from '../libtorch/version.js'
import type { AddonFile, RefusedAddon } from '../native/addonFile.js'
import { searchNative } from '../native/choose.js'
import { cudaVersion } from '../native/cuda.js'
import { type KernelSearch, searchKernels } from '../native/cudaKernels.js'
import { askGpus, type GpuFacts } from '../native/gpus.js'
import { openmpCopies } from '../native/loaderAddon.js'
import { type Machine, thisMachine } from '../native/machine.js'
import { type ProbeResult, probeAddon } from '../native/probe.js'
import { type DriverFacts, readDriver } from './facts/driver.js'
import { type CacheFacts, readCache, readWriteAccess, type WriteAccess } from './facts/folders.js'
import { type MemoryFacts, type ProcessorFacts, readMemory, readProcessors } from './facts/hardware.js'
import { readSharp, type SharpFacts } from './facts/sharp.js'
import { readToolkit, type ToolkitFacts } from './facts/toolkit.js'

/** Everything that decides whether semples works on this machine, and how well. Nothing is judged here. */
export interface Facts {
  /** Version of semples. */
  version: string
  node: {
    version: string
    /** What semples needs, as package.json states it: `>=20.19`. */
    wanted?: string
    path: string
  }
  platform: Platform
  addon: {
    found?: AddonFile
    refused: RefusedAddon[]
    /** Minor versions of LibTorch that there are addons for, e.g. `2.13`. */
    versions: string[]
    /** The command that builds one here. */
    build: string
  }
  libtorch: {
    found?: LibTorch
    refused: RefusedLibTorch[]
    /** CUDA version that it was built for, e.g. `13.0`; absent for CPU builds. */
    cuda?: string
    /** Whether the option `libtorch` named it. */
    named: boolean
  }
  /** What loading both in a child process gave; absent where one of them is missing. */
  probe?: ProbeResult
  /** Version of LibTorch by its own word, e.g. `2.13`. */
  abi?: string
  /** OpenMP runtimes in the process; one is right. */
  openmp: string[]
  cuda: CudaFacts
  /** The library of kernels for GPUs; absent where addon or LibTorch is missing. */
  kernels?: KernelSearch
  processors: ProcessorFacts
  memory: MemoryFacts
  cache: CacheFacts
  sharp: SharpFacts
  writeAccess: WriteAccess[]
}

/** What belongs to GPUs. */
export interface CudaFacts extends Omit<GpuFacts, 'release'>, ToolkitFacts {
  driver: DriverFacts
  /** CUDA_VISIBLE_DEVICES, as it is set; absent where it is not. */
  visibleDevices?: string
}

/** Reads all facts. LibTorch and CUDA are started in a child process alone; nothing is fetched. */
export async function gatherFacts(
  options: { libtorch?: string } = {},
  machine: Machine = thisMachine(),
): Promise<Facts> {
  const { addon, libtorch, versions } = searchNative({ libtorch: options.libtorch })
  const { CUDA_VISIBLE_DEVICES: visibleDevices } = machine.environment
  const pair = addon.found && libtorch.found ? ([addon.found, libtorch.found] as const) : undefined
  const kernels = pair && searchKernels(...pair)
  const [probe, { release, ...gpus }, toolkit, cache, sharp, writeAccess] = await Promise.all([
    pair && probeAddon(...pair, { kernels: kernels?.found?.file }),
    askGpus(machine),
    readToolkit(machine),
    readCache(),
    readSharp(),
    readWriteAccess(),
  ])
  const driver = readDriver(machine)
  if (probe?.driver) driver.cuda = cudaVersion(probe.driver)
  if (release !== undefined) driver.release ??= release
  const isClone = existsSync(join(packageFolder(), 'binding.gyp'))
  const cuda = libtorch.found === undefined ? undefined : readTorchCuda(libtorch.found)
  return {
    version: packageVersion(),
    node: { version: process.version.slice(1), wanted: nodeRange(), path: process.execPath },
    platform: currentPlatform(),
    addon: { ...addon, versions, build: isClone ? 'npm run build' : 'npx semples build' },
    libtorch: { ...libtorch, ...(cuda === undefined ? {} : { cuda }), named: options.libtorch !== undefined },
    ...(probe === undefined ? {} : { probe }),
    ...(probe?.abi === undefined ? {} : { abi: versionOfAbi(probe.abi) }),
    openmp: openmpCopies(probe?.mapped ?? []),
    cuda: { driver, ...gpus, ...toolkit, ...(visibleDevices === undefined ? {} : { visibleDevices }) },
    ...(kernels === undefined ? {} : { kernels }),
    processors: readProcessors(machine),
    memory: readMemory(machine),
    cache,
    sharp,
    writeAccess,
  }
}
