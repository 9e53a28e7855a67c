import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DataFiles, DataSpec } from '../datasets/kinds.js'

/**
 * The data that a command names, and the split of them that its job is to choose.
 *
 * @param data `--data`; without it the job has data of its own, and refuses a split itself
 * @throws SemplesError as recognising the data does; `SEMPLES_OPTION_INVALID` for a split of data that have one set
 */
export async function dataAndSplit(
  data: string | undefined,
  { split, ...files }: DataFiles,
  standard?: 'train' | 'val',
): Promise<{ data?: DataSpec; split?: 'train' | 'val' }> {
  if (data === undefined) return { split }
  const { detectSplit } = await import('../datasets/kinds.js')
  const { requireSplits } = await import('../datasets/open.js')
  const found = await detectSplit(data, { ...files, split }, standard)
  requireSplits(found.data, found.split)
  return found
}

/**
 * Options of `semples train` to begin with, without a CLIP: the models of the package know drawn scenes alone, and an
 * ImageNet network that is fetched by itself knows photographs.
 */
export function firstOptions(data: string): string {
  const drawn = existsSync(join(data, 'scenes.json'))
  return drawn ? '--preset demo' : '--preset photos --stages classify'
}
