import { type CamMaps, camFileInvalid } from './maps.js'
import type { ScoreWarning } from './scores.js'

/** More different values than class tables have ids: a map of grey values. */
const MAX_IDS = 100

export interface FoundLabels {
  labels: { data: Uint8Array; height: number; width: number }
  warnings: ScoreWarning[]
}

const HINT =
  "If they are the scores of one class, say which, and of what kind (--classes 1 --scores raw). Class ids must be whole numbers from 0 to 254, with 255 for unsure pixels: mask.astype('uint8')."

/**
 * One map of whole numbers as a label map.
 *
 * @throws SemplesError `SEMPLES_CAM_INVALID` where the numbers are no class ids
 */
export function labelsOfMap({ data, shape }: CamMaps, file: string): FoundLabels {
  const [, height, width] = shape
  const seen = new Uint8Array(256)
  const ids = new Uint8Array(data.length)
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const value = data[pixel]!
    if (!(value >= 0 && value <= 255)) throw camFileInvalid(file, `one map of whole numbers, among them ${value}`, HINT)
    seen[value] = 1
    ids[pixel] = value
  }
  const count = seen.reduce((sum, one) => sum + one, 0)
  if (count > MAX_IDS) throw camFileInvalid(file, `one map of ${count} different whole numbers, and no classes`, HINT)
  return { labels: { data: ids, height, width }, warnings: warningsOfLabels(ids) }
}

/** Masks of 0 and 255, as they are made for looking at, hold no class: 255 is an unsure pixel. */
export function warningsOfLabels(ids: Uint8Array): ScoreWarning[] {
  let [zero, unsure] = [0, 0]
  for (const id of ids) {
    if (id === 0) zero++
    else if (id === 255) unsure++
    else return []
  }
  if (zero === 0 || unsure === 0 || unsure < ids.length / 50) return []
  const text =
    'A mask of 0 and 255 alone holds no class: 255 is an unsure pixel. A class needs its id, such as 1, in place of 255.'
  return [{ text, seen: `${Math.round((100 * unsure) / ids.length)} % of the pixels are 255` }]
}
