import { join } from 'node:path'
import { readEnvironment } from '../base/env.js'
import { SemplesError } from '../base/error.js'
import { readArchiveText } from './archive.js'
import type { LibTorchKind } from './candidate.js'
import { downloadFile } from './download.js'
import { findPip, pipDownload } from './pip.js'
import { wheelPlatform } from './platform.js'
import type { ReportProgress } from './progress.js'
import { type IndexFile, listIndexFiles, withoutCredentials } from './simpleIndex.js'
import { torchVersion } from './version.js'

const pytorchCpuIndex = 'https://download.pytorch.org/whl/cpu'

export interface FetchOptions {
  kind: LibTorchKind
  /** Empty folder for the wheels. */
  directory: string
  onProgress?: ReportProgress
  signal?: AbortSignal
}

/**
 * Fetches the wheels that hold LibTorch: torch itself, and for CUDA the `nvidia-*` libraries that it names.
 * pip is tried first, because it knows the user's indexes, find-links and proxy; without pip the index is read directly.
 * @returns paths of the wheels, torch first
 * @throws SemplesError `SEMPLES_LIBTORCH_FETCH_FAILED` with the error of each attempt
 */
export async function fetchWheels(options: FetchOptions): Promise<string[]> {
  const platform = wheelPlatform()
  const failures: string[] = []
  const collectFailure = async (fetch: () => Promise<string[]>): Promise<string[] | undefined> => {
    try {
      return await fetch()
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!(error instanceof SemplesError)) throw error
      failures.push(error.message)
      return undefined
    }
  }
  options.onProgress?.({
    phase: 'search',
    message: `Looking for LibTorch ${torchVersion} (${options.kind})`,
    doneBytes: 0,
  })
  const pip = findPip()
  if (pip === undefined) failures.push('There is no pip.')
  else {
    const wheels = await collectFailure(() =>
      options.kind === 'cpu' ? cpuByPip(pip, platform, options) : cudaByPip(pip, platform, options),
    )
    if (wheels !== undefined) return wheels
  }
  if (options.kind === 'cpu') {
    const wheels = await collectFailure(async () => [await cpuByIndex(platform, options)])
    if (wheels !== undefined) return wheels
  }
  throw new SemplesError('SEMPLES_LIBTORCH_FETCH_FAILED', {
    message: `LibTorch ${torchVersion} (${options.kind}) could not be fetched. ${failures.join(' ')}`,
    hint: `Set SEMPLES_TORCH_INDEX to a mirror, configure pip, or name a torch wheel or LibTorch zip: npx semples libtorch install --from FILE`,
  })
}

/** PyTorch's index is added only where the user's own indexes and find-links do not have the wheel. */
async function cpuByPip(pip: string[], platform: string, options: FetchOptions): Promise<string[]> {
  const download = { requirements: [`torch==${torchVersion}+cpu`], platform, ...options }
  try {
    return await pipDownload(pip, { ...download, directory: join(options.directory, 'own') })
  } catch {
    options.signal?.throwIfAborted()
    return pipDownload(pip, { ...download, directory: join(options.directory, 'added'), extraIndex: torchIndex() })
  }
}

/** `===` because `==2.13.0` would accept `2.13.0+cpu` as well. The toolkit libraries are resolved by pip. */
async function cudaByPip(pip: string[], platform: string, options: FetchOptions): Promise<string[]> {
  const download = { platform, onProgress: options.onProgress, signal: options.signal }
  const torch = await pipDownload(pip, {
    ...download,
    requirements: [`torch===${torchVersion}`],
    directory: join(options.directory, 'torch'),
  })
  const metadata = await readArchiveText(torch[0]!, /^torch-[^/]+\.dist-info\/METADATA$/)
  const requirements = cudaRequirements(metadata ?? '')
  if (requirements.length === 0) return torch
  const libraries = await pipDownload(pip, {
    ...download,
    requirements,
    dependencies: true,
    directory: join(options.directory, 'nvidia'),
  })
  return [...torch, ...libraries]
}

/** The CUDA libraries among the requirements of torch; its Python packages are left out. */
export function cudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist:\s*([^;\r\n]+?)\s*(?:;.*)?$/gm)]
    .map((match) => match[1]!)
    .filter((requirement) => /^(nvidia-|cuda-toolkit\b)/.test(requirement))
}

async function cpuByIndex(platform: string, options: FetchOptions): Promise<string> {
  const failures: string[] = []
  for (const index of indexes()) {
    try {
      const file = chooseWheel(await listIndexFiles(index, 'torch', options.signal), `${torchVersion}+cpu`, platform)
      if (file === undefined) {
        failures.push(`${withoutCredentials(index)} has no torch ${torchVersion}+cpu for ${platform}.`)
        continue
      }
      const target = join(options.directory, file.name)
      await downloadFile(file, target, options)
      return target
    } catch (error) {
      if (!(error instanceof SemplesError)) throw error
      failures.push(error.message)
    }
  }
  throw new SemplesError('SEMPLES_LIBTORCH_FETCH_FAILED', { message: failures.join(' ') })
}

/** Chooses a wheel of a list. The C++ libraries are the same for every Python, so one Python version is preferred. */
export function chooseWheel(files: IndexFile[], version: string, platform: string): IndexFile | undefined {
  const fitting = files.filter(({ name }) => name.startsWith(`torch-${version}-`) && name.endsWith(`${platform}.whl`))
  return fitting.find(({ name }) => name.includes('-cp311-cp311-')) ?? fitting[0]
}

/** The indexes of pip's environment variables, so that a mirror for pip is used here too; then PyTorch's index. */
function indexes(): string[] {
  const { PIP_INDEX_URL = '', PIP_EXTRA_INDEX_URL = '' } = process.env
  const own = `${PIP_INDEX_URL} ${PIP_EXTRA_INDEX_URL}`.split(/\s+/).filter((url) => /^https?:/.test(url))
  return [...own, torchIndex()]
}

function torchIndex(): string {
  return readEnvironment('SEMPLES_TORCH_INDEX') ?? pytorchCpuIndex
}
