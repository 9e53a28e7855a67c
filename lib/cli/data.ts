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
