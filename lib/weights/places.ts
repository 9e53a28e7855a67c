import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { extname, join } from 'node:path'
import { cacheFolder } from '../fetch/cache.js'
import type { Keeper, KnownWeights } from './description.js'
import { publishedName } from './table.js'

/** The folder that holds fetched weights: `weights` in the user cache. */
export function weightsCache(): string {
  return cacheFolder('weights')
}

/** Where the file lies, or will lie, when semples fetches it. */
export function cachedFile(known: KnownWeights): string {
  return join(weightsCache(), `${known.name}${extname(publishedName(known))}`)
}

/** A place where weights may lie, and who put them there. */
export interface WeightsPlace {
  file: string
  by: 'semples' | Keeper
}

/** Where weights may lie: first in the user cache, then where another program keeps them. Whether they do is not looked at. */
export function placesOf(known: KnownWeights): WeightsPlace[] {
  const own: WeightsPlace = { file: cachedFile(known), by: 'semples' }
  const by = known.origin.kind === 'address' ? known.origin.keptBy : undefined
  return by === undefined ? [own] : [own, { file: join(folderOf(by), publishedName(known)), by }]
}

/** The first of these places where a file of the right size lies; its content is not looked at. */
export function placeFound(known: KnownWeights): WeightsPlace | undefined {
  return placesOf(known).find(({ file }) => hasSize(file, known))
}

/** Whether a file is there and not of another size. */
export function hasSize(file: string, { bytes }: KnownWeights): boolean {
  const found = statSync(file, { throwIfNoEntry: false })
  return found?.isFile() === true && (bytes === undefined ? found.size > 0 : found.size === bytes)
}

/**
 * torch.hub: `$TORCH_HOME/hub/checkpoints`, where TORCH_HOME is by default `torch` in `$XDG_CACHE_HOME`, else in `~/.cache`
 * (documentation of torch.hub). OpenAI's package: `~/.cache/clip`, whatever the environment (clip/clip.py).
 */
function folderOf(keeper: Keeper): string {
  const { TORCH_HOME, XDG_CACHE_HOME, HOME } = process.env
  const cache = join(HOME || homedir(), '.cache')
  if (keeper === 'clip') return join(cache, 'clip')
  return join(TORCH_HOME || join(XDG_CACHE_HOME || cache, 'torch'), 'hub', 'checkpoints')
}
