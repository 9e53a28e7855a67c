import { type FetchProgress, formatBytes } from '../fetch/progress.js'
import { listWeights, removeWeights } from '../weights/cache.js'
import { type FetchWeightsOptions, fetchWeights } from '../weights/fetch.js'
import { printJson, table } from './output.js'
import type { FetchView } from './progress/fetchLines.js'

type Write = (line: string) => void

/** `semples weights fetch NAME`; closes the view. */
export async function weightsFetch(
  name: string,
  options: Omit<FetchWeightsOptions, 'onProgress'>,
  write: Write,
  view: FetchView,
): Promise<void> {
  // The last phase would say what the line on standard output says.
  const onProgress = (progress: FetchProgress) => progress.phase !== 'done' && view.show(progress)
  const { file, bytes } = await fetchWeights(name, { ...options, onProgress }).finally(() => view.close())
  write(`${name} (${formatBytes(bytes)}) is in ${file}`)
}

/** `semples weights list`: what can be fetched, and where it lies. */
export function weightsList(write: Write, json = false): void {
  const all = listWeights().map((each) => ({ ...each, fetch: `semples weights fetch ${each.name}` }))
  if (json) {
    printJson({ out: write }, { weights: all.map(({ file = null, ...rest }) => ({ ...rest, file })) })
    return
  }
  const rows = all.map(({ name, bytes, license, file }) => [name, formatBytes(bytes), license, file ?? 'not fetched'])
  for (const line of table([['name', 'size', 'licence', 'file'], ...rows])) write(line)
  for (const { name, about, file, fetch } of all) {
    write('')
    write(`${name}: ${about}`)
    if (file === undefined) write(`To fetch it: npx ${fetch}`)
  }
}

/** `semples weights remove NAME`, or all of them. */
export async function weightsRemove(name: string | undefined, write: Write): Promise<void> {
  const fetched = listWeights().flatMap((each) => (each.file === undefined ? [] : [each.name]))
  for (const each of name === undefined ? fetched : [name]) write(`removed ${await removeWeights(each)}`)
}
