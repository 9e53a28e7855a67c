import { listed } from '../../base/count.js'
import type { StatedTable } from '../../datasets/predictions/classTables.js'
import { VOID_ID } from '../../masks/labelMap.js'
import { shareText } from './texts.js'
import type { InspectedMask } from './types.js'

/** Every id that occurs with its share of the pixels, in the order of the ids. */
export function sharesOf(data: Uint8Array, table: StatedTable | undefined): InspectedMask['ids'] {
  const counts = new Float64Array(256)
  for (const id of data) counts[id]! += 1
  const labels = new Map(table?.classes.map(({ id, label }) => [id, label]))
  return [...counts.keys()].flatMap((id) => {
    const label = id === 0 ? 'background' : id === VOID_ID ? 'void' : labels.get(id)
    return counts[id] === 0 ? [] : [{ id, ...(label ? { label } : {}), share: counts[id]! / data.length }]
  })
}

/** `0 background 81.0 %, 15 person 19.0 %` */
export function idsText(ids: InspectedMask['ids']): string {
  return listed(
    ids.map(({ id, label, share }) => [id, ...(label ? [label] : []), shareText(share)].join(' ')),
    12,
  )
}
