import { join } from 'node:path'
import { readEnvironment } from '../base/env.js'
import { readArchiveText } from '../fetch/archive.js'
import { pipDownload } from '../fetch/pip.js'
import type { FetchOptions } from '../fetch/progress.js'
import { type Attempt, firstThatWorks, requirePip, waysTo } from '../fetch/wheel.js'
import { libTorchContents } from './archive.js'
import type { LibTorchKind } from './candidate.js'
import { wheelPlatform } from './platform.js'
import { torchVersion } from './version.js'

const pytorchCpuIndex = 'https://download.pytorch.org/whl/cpu'

/**
 * Fetches the wheels that hold LibTorch into an empty folder: torch itself, and for CUDA the `nvidia-*` libraries that it
 * names, which only pip can resolve.
 * @returns paths of the wheels, torch first
 * @throws SemplesError `SEMPLES_FETCH_FAILED` with the error of each attempt
 */
export async function fetchWheels(kind: LibTorchKind, directory: string, options: FetchOptions): Promise<string[]> {
  const platform = wheelPlatform()
  options.onProgress?.({ phase: 'search', message: `Looking for LibTorch ${torchVersion} (${kind})`, doneBytes: 0 })
  const failed = {
    message: `LibTorch ${torchVersion} (${kind}) could not be fetched.`,
    hint: 'Set SEMPLES_TORCH_INDEX to a mirror, configure pip, or name a torch wheel or LibTorch zip: npx semples libtorch install --from FILE',
  }
  const index = readEnvironment('SEMPLES_TORCH_INDEX') ?? pytorchCpuIndex
  const attempts: Attempt<string[]>[] =
    kind === 'cuda'
      ? [(own) => cudaByPip(platform, own, options)]
      : waysTo({ project: 'torch', version: `${torchVersion}+cpu`, platform, index }, options).map(
          (attempt) => async (own) => [await attempt(own)],
        )
  return firstThatWorks(attempts, directory, failed, options.signal)
}

/** `===` because `==2.13.0` would accept `2.13.0+cpu` as well. The toolkit libraries are resolved by pip. */
async function cudaByPip(platform: string, directory: string, options: FetchOptions): Promise<string[]> {
  const pip = requirePip()
  const download = { platform, ...options }
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
