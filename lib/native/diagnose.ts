import { packageVersion } from '../base/package.js'
import type { LibTorch, RefusedLibTorch } from '../libtorch/candidate.js'
import { describeRefused } from '../libtorch/find.js'
import { currentPlatform, type Platform } from '../libtorch/platform.js'
import { versionOfAbi } from '../libtorch/version.js'
import { type AddonFile, describeRefusedAddon, type RefusedAddon } from './addonFile.js'
import { searchNative } from './choose.js'
import { openmpCopies } from './loaderAddon.js'
import { type ProbeResult, probeAddon } from './probe.js'

/** Everything that decides whether the native part works on this machine. */
export interface Diagnosis {
  /** Version of semples. */
  version: string
  /** Version of Node. */
  node: string
  platform: Platform
  addon: { found?: AddonFile; refused: RefusedAddon[] }
  libtorch: { found?: LibTorch; refused: RefusedLibTorch[] }
  /** What loading both in a child process gave; absent where one of them is missing. */
  probe?: ProbeResult
  /** Version of LibTorch by its own word, e.g. `2.13`. */
  abi?: string
  /** Devices that can be asked for: `cpu`, `cuda:0`, … */
  devices: string[]
  /** OpenMP runtimes in the process; one is right. */
  openmp: string[]
  /** What is wrong, a sentence each, with what to do; empty: all is well. */
  problems: string[]
}

/** `diagnose` of the public API, documented in lib/api/machine.ts. */
export async function diagnose(options: { libtorch?: string } = {}): Promise<Diagnosis> {
  const { addon, libtorch, versions } = searchNative({ libtorch: options.libtorch })
  const probe = addon.found && libtorch.found ? await probeAddon(addon.found, libtorch.found) : undefined
  const diagnosis: Diagnosis = {
    version: packageVersion(),
    node: process.version,
    platform: currentPlatform(),
    addon,
    libtorch,
    probe,
    abi: probe?.abi === undefined ? undefined : versionOfAbi(probe.abi),
    devices: probe?.works ? devices(probe) : [],
    openmp: openmpCopies(probe?.mapped ?? []),
    problems: [],
  }
  diagnosis.problems.push(...problems(diagnosis, versions))
  return diagnosis
}

function problems({ addon, libtorch, probe, abi, openmp }: Diagnosis, versions: string[]): string[] {
  const found: string[] = []
  if (addon.found === undefined) {
    found.push(`There is no native addon. Looked at: ${addon.refused.map(describeRefusedAddon).join('; ')}.`)
  }
  if (libtorch.found === undefined) {
    const looked = libtorch.refused.map(describeRefused).join('; ')
    found.push(
      `LibTorch ${versions.join(' or ')} was not found. Looked at: ${looked}. To fetch it, type: npx semples libtorch install`,
    )
  }
  if (probe?.problem !== undefined) found.push(probe.problem)
  if (abi !== undefined && addon.found && abi !== addon.found.builtFor) {
    found.push(`LibTorch says that it is version ${abi}, and the addon is built for ${addon.found.builtFor}.`)
  }
  if (openmp.length > 1) found.push(`Two OpenMP runtimes are loaded, each with its own threads: ${openmp.join(', ')}.`)
  if (libtorch.found?.kind === 'cuda' && probe?.works && probe.runtime?.cudaDevices === 0) {
    found.push(
      probe.driver
        ? `The NVIDIA driver supports CUDA ${cudaVersion(probe.driver)}, but LibTorch ${libtorch.found.version} finds no usable device.`
        : 'This LibTorch is a CUDA build, but no NVIDIA driver (libcuda.so.1) is installed.',
    )
  }
  return found
}

function devices({ runtime }: ProbeResult): string[] {
  return ['cpu', ...Array.from({ length: runtime?.cudaDevices ?? 0 }, (_, index) => `cuda:${index}`)]
}

/** `13.0` of 13000. */
function cudaVersion(driver: number): string {
  return `${Math.floor(driver / 1000)}.${Math.floor((driver % 1000) / 10)}`
}
