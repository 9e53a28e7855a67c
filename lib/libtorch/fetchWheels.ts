import { join } from 'node:path'
import { readEnvironment } from '../base/env.js'
import { readArchiveText } from '../fetch/archive.js'
import { pipDownload } from '../fetch/pip.js'
import type { FetchOptions } from '../fetch/progress.js'
import { type Attempt, firstThatWorks, requirePip, waysTo } from '../fetch/wheel.js'
import { libTorchContents } from './archive.js'
import { libTorchCache } from './cache.js'
import type { LibTorchKind } from './candidate.js'
import { cudaByIndex, cudaUnpacked } from './cudaWheels.js'
import { wheelPlatform } from './platform.js'
import { torchVersion } from './version.js'

const pytorchCpuIndex = 'https://download.pytorch.org/whl/cpu'

/** The files of the CPU build that are kept, as a multiple of its wheel: 475 of 192 MB. */
const cpuUnpacked = 2.5

/** Sizes of the downloads, in words. */
export const downloadSizes: Record<LibTorchKind, string> = { cpu: '190 MB', cuda: '2.5 GB' }

/**
 * Fetches the wheels that hold LibTorch: torch itself, and for CUDA NVIDIA's libraries that it names. The index in
 * SEMPLES_TORCH_INDEX comes first.
 * @param directory empty folder
 * @returns paths of the wheels, torch first
 * @throws SemplesError `SEMPLES_FETCH_FAILED` with the error of each attempt; `SEMPLES_WRITE_FAILED`
 */
export async function fetchWheels(kind: LibTorchKind, directory: string, options: FetchOptions): Promise<string[]> {
  const platform = wheelPlatform()
  options.onProgress?.({
    phase: 'search',
    message: `Looking for LibTorch ${torchVersion} (${kind}, about ${downloadSizes[kind]})`,
    doneBytes: 0,
  })
  const failed = {
    message: `LibTorch ${torchVersion} (${kind}) could not be fetched.`,
    hint: 'Set SEMPLES_TORCH_INDEX to a mirror, configure pip, or name a torch wheel or LibTorch zip: npx semples libtorch install --from FILE',
  }
  const mirror = readEnvironment('SEMPLES_TORCH_INDEX')
  const attempts = kind === 'cuda' ? cudaWays(platform, mirror, options) : cpuWays(platform, mirror, options)
  return firstThatWorks(attempts, directory, failed, options.signal)
}

function cpuWays(platform: string, mirror: string | undefined, options: FetchOptions): Attempt<string[]>[] {
  const source = { project: 'torch', version: `${torchVersion}+cpu`, platform, unpacked: cpuUnpacked }
  const index = mirror === undefined ? pytorchCpuIndex : undefined
  const ways = waysTo({ ...source, mirror, index }, libTorchCache(), options)
  return ways.map((way) => async (own) => [await way(own)])
}

function cudaWays(platform: string, mirror: string | undefined, options: FetchOptions): Attempt<string[]>[] {
  const byPip: Attempt<string[]> = (own) => cudaByPip(platform, own, options)
  const byIndex: Attempt<string[]> = () => cudaByIndex(platform, mirror, libTorchCache(), options)
  return mirror === undefined ? [byPip, byIndex] : [byIndex, byPip]
}

/** `===` because `==2.13.0` would accept `2.13.0+cpu` as well. The toolkit libraries are resolved by pip. */
async function cudaByPip(platform: string, directory: string, options: FetchOptions): Promise<string[]> {
  const pip = requirePip()
  const download = { platform, into: libTorchCache(), unpacked: cudaUnpacked, ...options }
  const torch = await pipDownload(pip, {
    ...download,
    requirements: [`torch===${torchVersion}`],
    directory: join(directory, 'torch'),
  })
  const metadata = await readArchiveText(torch[0]!, /^torch-[^/]+\.dist-info\/METADATA$/, libTorchContents)
  const requirements = cudaRequirements(metadata ?? '')
  if (requirements.length === 0) return torch
  const libraries = await pipDownload(pip, {
    ...download,
    requirements,
    dependencies: true,
    directory: join(directory, 'nvidia'),
  })
  return [...torch, ...libraries]
}

/** The CUDA libraries among the requirements of torch; its Python packages are left out. */
export function cudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist:\s*([^;\r\n]+?)\s*(?:;.*)?$/gm)]
    .map((match) => match[1]!)
    .filter((requirement) => /^(nvidia-|cuda-toolkit\b)/.test(requirement))
}
