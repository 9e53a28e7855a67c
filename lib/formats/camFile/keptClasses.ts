import { listed } from '../../base/count.js'
import type { ScoreMaps, ScoreWarning } from './scores.js'

/**
 * The maps of some classes, and of the background where there is one, as if the others had never been there.
 *
 * @param ids class ids of the labels of the picture
 * @returns a warning where one of them has no map
 */
export function keepClasses(maps: ScoreMaps, ids: readonly number[]): { maps: ScoreMaps; warnings: ScoreWarning[] } {
  const { values, classes, height, width } = maps
  const missing = ids.filter((id) => !classes.includes(id))
  const warnings = missing.length === 0 ? [] : [withoutMap(missing, classes)]
  const kept = [...classes.keys()].filter((map) => classes[map] === 0 || ids.includes(classes[map]!))
  if (kept.length === classes.length) return { maps, warnings }
  const pixels = height * width
  const numbers = new Float32Array(kept.length * pixels)
  for (const [to, from] of kept.entries()) numbers.set(values.subarray(from * pixels, (from + 1) * pixels), to * pixels)
  return { maps: { values: numbers, classes: kept.map((map) => classes[map]!), height, width }, warnings }
}

function withoutMap(missing: readonly number[], classes: readonly number[]): ScoreWarning {
  const text =
    'Pictures have labels without a map: such a class cannot be in their masks. Are the class ids of the maps right?'
  const there = classes.length === 0 ? 'there is none' : `there are maps of ${listed(classes)}`
  return { text, seen: `no map of class ${listed(missing)}; ${there}` }
}
