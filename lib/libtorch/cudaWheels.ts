import { SemplesError } from '../base/error.js'
import { readArchiveText } from '../fetch/archive.js'
import { downloadFile } from '../fetch/download.js'
import { downloadFiles } from '../fetch/downloadFiles.js'
import { reasonOf, request, withoutCredentials } from '../fetch/http.js'
import type { FetchOptions } from '../fetch/progress.js'
import type { IndexFile } from '../fetch/simpleIndex.js'
import { findFile, indexesOf } from '../fetch/wheel.js'
import { libTorchContents } from './archive.js'
import { type Requirement, readRequirements } from './requirements.js'
import { torchVersion } from './version.js'

/** NVIDIA's wheels unpack to about this multiple of their size, torch's too: 4.34 of 2.74 GB for torch 2.14.1. */
export const cudaUnpacked = 1.6

/** NVIDIA's libraries; `cuda-toolkit` is a package without files whose extras name some of them. */
const libraries = /^(nvidia-|cuda-toolkit\b)/

/**
 * Fetches the CUDA build of torch and NVIDIA's libraries for it from package indexes, without pip.
 * @param platform tag of the wheels, e.g. `manylinux_2_28_x86_64`
 * @param mirror an index that is asked first
 * @returns paths of the wheels, torch first
 * @throws SemplesError `SEMPLES_FETCH_FAILED`, `SEMPLES_WRITE_FAILED`
 */
export async function cudaByIndex(
  platform: string,
  mirror: string | undefined,
  downloads: string,
  options: FetchOptions,
): Promise<string[]> {
  const { signal } = options
  const indexes = indexesOf({ mirror })
  const find = (project: string, accepts: (version: string) => boolean) =>
    findFile(indexes, { project, version: accepts, platform, mirror }, signal)
  const torch = await find('torch', isCudaBuild)
  const environment = environmentOf(platform)
  const metadata = await metadataOf(torch, downloads, options)
  const required: Requirement[] = []
  for (const each of readRequirements(metadata, libraries, environment)) {
    if (each.project !== 'cuda-toolkit') {
      required.push(each)
      continue
    }
    const kit = await find(each.project, each.accepts)
    required.push(...readRequirements(await metadataOf(kit, downloads, options), libraries, environment, each.extras))
  }
  const files = await Promise.all(
    [...byProject(required)].map(([project, all]) =>
      find(project, (version) => all.every(({ accepts }) => accepts(version))),
    ),
  )
  const title = `LibTorch ${torchVersion} with CUDA`
  return downloadFiles([torch, ...files], title, downloads, { ...options, unpacked: cudaUnpacked })
}

/** `2.13.0`, which is the CUDA build on PyPI, and `2.13.0+cu130` as PyTorch's own indexes call it. */
function isCudaBuild(version: string): boolean {
  const [release, local] = version.split('+')
  return release === torchVersion && (local === undefined || /^cu\d+$/.test(local))
}

/** Values of the variables of markers that these wheels use. */
function environmentOf(platform: string): Record<string, string> {
  return {
    platform_system: 'Linux',
    sys_platform: 'linux',
    platform_machine: /(x86_64|aarch64)$/.exec(platform)?.[0] ?? '',
  }
}

/** Several extras may name the same library, with bounds that must all hold. */
function byProject(requirements: Requirement[]): Map<string, Requirement[]> {
  const projects = new Map<string, Requirement[]>()
  for (const each of requirements) projects.set(each.project, [...(projects.get(each.project) ?? []), each])
  return projects
}

/** From beside the wheel where the index has it there, so that all sizes are known before the first download. */
async function metadataOf(file: IndexFile, downloads: string, options: FetchOptions): Promise<string> {
  if (!file.hasMetadata) {
    const wheel = await downloadFile(file, downloads, { ...options, unpacked: cudaUnpacked })
    return (await readArchiveText(wheel, /^[^/]+\.dist-info\/METADATA$/, libTorchContents)) ?? ''
  }
  const url = new URL(file.url)
  url.pathname += '.metadata'
  const shown = withoutCredentials(url.href)
  try {
    const response = await request(url.href, { signal: options.signal, timeout: 20_000 })
    if (!response.ok) {
      response.cancel()
      throw new Error(`the server answered ${response.status}`)
    }
    return await response.text()
  } catch (cause) {
    options.signal?.throwIfAborted()
    if (cause instanceof SemplesError) throw cause
    throw new SemplesError('SEMPLES_FETCH_FAILED', { message: `${shown} cannot be read: ${reasonOf(cause)}.`, cause })
  }
}
