import { type FetchProgress, formatBytes } from '../fetch/progress.js'
import { listLibTorch, removeDownloadedLibTorch, removeLibTorch } from '../libtorch/cache.js'
import type { LibTorchKind } from '../libtorch/candidate.js'
import { describeRefused } from '../libtorch/find.js'
import { installLibTorch } from '../libtorch/install.js'
import { searchNative } from '../native/choose.js'
import { printJson } from './output.js'
import type { FetchView } from './progress/fetchLines.js'

type Write = (line: string) => void

/** `semples libtorch install`: fetches LibTorch; closes the view. */
export async function libtorchInstall(
  options: { kind?: LibTorchKind; from?: string; force?: boolean; signal?: AbortSignal },
  write: Write,
  view: FetchView,
): Promise<void> {
  // The last phase would say what the line on standard output says.
  const onProgress = (progress: FetchProgress) => progress.phase !== 'done' && view.show(progress)
  const installed = await installLibTorch({ ...options, onProgress }).finally(() => view.close())
  write(`LibTorch ${installed.version} (${formatBytes(installed.bytes)}) is in ${installed.directory}`)
}

/** `semples libtorch list`: what is installed, and which LibTorch would be used. */
export function libtorchList(write: Write, json = false): void {
  const installed = listLibTorch()
  if (json) {
    const { found: used = null, refused } = searchNative().libtorch
    printJson({ out: write }, { installed, used, refused })
    return
  }
  if (installed.length === 0) write('No LibTorch is installed in the cache.')
  for (const { name, bytes, directory } of installed) write(`${name}\t${formatBytes(bytes)}\t${directory}`)
  const { found, refused } = searchNative().libtorch
  for (const each of refused) write(`not used: ${describeRefused(each)}`)
  write(
    found ? `used: ${found.version} ${found.folder} (${found.origin})` : 'To fetch it: npx semples libtorch install',
  )
}

/** `semples libtorch remove NAME`, or all of them with what was downloaded in part. */
export async function libtorchRemove(name: string | undefined, write: Write): Promise<void> {
  const names = name === undefined ? listLibTorch().map((each) => each.name) : [name]
  for (const each of names) write(`removed ${(await removeLibTorch(each)).directory}`)
  if (name === undefined) await removeDownloadedLibTorch()
}
