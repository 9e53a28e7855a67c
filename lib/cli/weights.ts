import { type FetchProgress, formatBytes } from '../fetch/progress.js'
import { type ListedWeights, listWeights, removeWeights } from '../weights/cache.js'
import type { CheckKind } from '../weights/check.js'
import { type FetchedWeights, type FetchWeightsOptions, fetchWeights } from '../weights/fetch.js'
import { checkWords, sizeWords } from '../weights/words.js'
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
  const fetched = await fetchWeights(name, { ...options, onProgress }).finally(() => view.close())
  for (const line of fetchedLines(fetched)) write(line)
}

const verdicts: Readonly<Record<CheckKind, string>> = {
  sha256: 'verified: it has the sha256 that is published',
  sha256Prefix:
    'the first digits of its sha256 are those that are published; the whole of it, kept beside the file, is',
  none: 'not verified: sha256',
}

/** What was fetched, and how far it was compared with what its publisher states. */
export function fetchedLines({ name, file, bytes, sha256, check }: FetchedWeights): string[] {
  const verdict = check === 'sha256' ? verdicts.sha256 : `${verdicts[check]} ${sha256}`
  return [`${name} (${formatBytes(bytes)}) is in ${file}`, verdict]
}

/** `semples weights`: what can be fetched, or of it what a preset needs; what is here, and how to get what is missing. */
export async function weightsList(write: Write, { json, preset }: { json?: boolean; preset?: string }): Promise<void> {
  const needed = preset === undefined ? undefined : (await import('./neededWeights.js')).neededWeights(preset)
  if (needed?.length === 0 && !json) {
    write(`The preset ${preset} needs nothing that is to be fetched: the package has its models.`)
    return
  }
  const listed = listWeights().filter(({ name }) => needed?.includes(name) ?? true)
  const all = listed.map((each) => ({ ...each, fetch: `semples weights fetch ${each.name}` }))
  if (json) {
    const weights = all.map(({ bytes = null, file = null, by = null, ...rest }) => ({ ...rest, bytes, file, by }))
    printJson({ out: write }, { weights })
    return
  }
  const rows = all.map((each) => [each.name, each.use, sizeWords(each) ?? 'unknown', each.license, compared(each)])
  const states = all.map(stateOf)
  const header = ['name', 'for', 'size', 'licence', 'check', 'file']
  for (const line of table([header, ...rows.map((row, index) => [...row, states[index]!])])) write(line)
  write('')
  write(
    'for: generator, --weights NAME; clip, --clip NAME. A file is compared with "check" when it is fetched and used.',
  )
  for (const { name, about, file, fetch, address } of all) {
    if (file !== undefined) continue
    write('')
    write(`${name}: ${about}`)
    write(`  npx ${fetch}`)
    write(`  ${address}`)
  }
}

function compared({ sha256, sha256Prefix, read }: ListedWeights): string {
  return checkWords({ sha256, sha256Prefix, read })
}

function stateOf({ file, by }: ListedWeights): string {
  if (file === undefined) return 'missing'
  return by === 'semples' ? file : `${file} (of ${by})`
}

/** `semples weights remove NAME`, or all that semples fetched. */
export async function weightsRemove(name: string | undefined, write: Write): Promise<void> {
  const fetched = listWeights().flatMap((each) => (each.by === 'semples' ? [each.name] : []))
  for (const each of name === undefined ? fetched : [name]) write(`removed ${await removeWeights(each)}`)
}
