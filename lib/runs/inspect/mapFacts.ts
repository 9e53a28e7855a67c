import { listed } from '../../base/count.js'
import type { CamFile } from '../../formats/camFile/camFile.js'
import { classMapsOf, likelyClasses } from '../../formats/camFile/classMaps.js'
import { countedKeysOf } from '../../formats/camFile/countedKeys.js'
import { checkRange, type ScoreRange } from '../../formats/camFile/scores.js'
import type { PickleValue } from '../../formats/pickle/values.js'
import { shapeOfValue } from '../../formats/weightShapes.js'
import { numberText, refusalOf } from './texts.js'
import type { Found } from './types.js'

/** Type of the numbers, as stored. */
export function dtypeOf(value: PickleValue): string | undefined {
  const values = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : [value]
  const shapes = values.flatMap((each) => shapeOfValue(each) ?? [])
  return shapes.find(({ shape }) => shape.length >= 2)?.dtype
}

export function formOf(value: PickleValue, { classes, named, entry, classIds }: CamFile): string {
  if (Array.isArray(value)) return 'a list of maps'
  if (!(value instanceof Map))
    return classes === undefined ? 'one array of maps' : 'one array of maps, and behind it their class ids'
  if (entry !== undefined)
    return classes === undefined ? `array ${entry}` : `array ${entry}, and keys that list its classes`
  const ids =
    classIds === undefined ? 'one array a class' : named ? 'one array a class id' : 'one array a key, counted from 0'
  return `a dictionary of ${ids}`
}

export function classesText(cam: CamFile, table: string | undefined): string {
  const { classIds, classes } = cam
  if (classIds === undefined) return 'not said in the file'
  const ids = listed(classIds, 20)
  if (table !== undefined) return `${ids}, named as in the table ${table}`
  if (countedKeysOf(cam, {}).length === 0) return ids
  return `${ids}: keys ${listed(classes ?? [], 20)} count from 0 without the background (if they are class ids: --class-offset 0)`
}

/** What is to be said and typed where the file does not say which classes its maps are of; undefined where it does. */
export function missingClasses({ classIds, maps: { shape } }: CamFile): { note: string; option: string } | undefined {
  if (classIds !== undefined) return undefined
  const [maps, , last] = shape
  const [likely, other] = [likelyClasses(maps), likelyClasses(last)]
  const lacking = 'The file does not say which class each map is of'
  if (likely !== undefined)
    return { note: `${lacking}; ${maps} maps are most likely ${likely.text}.`, option: ` --classes ${likely.ids}` }
  if (other !== undefined)
    return {
      note: `${lacking}. If its last axis counts the maps, they are most likely ${other.text}.`,
      option: ` --axes hwc --classes ${other.ids}`,
    }
  const ids = maps === 1 ? '1' : `0-${maps - 1}`
  return {
    note: `${lacking}: give the ids in the order of the maps, 0 for the background${maps === 1 ? '' : `; ${ids} if it comes first`}.`,
    option: ` --classes ${ids}`,
  }
}

export function rangeText({ min, max, finite }: ScoreRange): string {
  if (!(min <= max)) return 'no number that is finite'
  return `${numberText(min)} to ${numberText(max)}${finite ? '' : ', and NaN or infinities'}`
}

/** What refinement takes the numbers for without being told, and the option where that would be refused. */
export function scoresOf(
  range: ScoreRange,
  maps: number,
  name: string,
): { text: string; option: string; warnings: string[] } {
  try {
    const warnings = checkRange(range, maps, { kind: 'probabilities', name })
    return { text: 'probabilities', option: '', warnings: warnings.map(({ text }) => text) }
  } catch {
    const text = 'no probabilities: say raw (each map scaled to its own range), logits or energies (-ln p)'
    return { text, option: ' --scores raw', warnings: [] }
  }
}

export function refusalFor(cam: CamFile, path: string): Found['refused'] {
  try {
    classMapsOf(cam, path, { given: false })
    return undefined
  } catch (error) {
    return refusalOf(error)
  }
}
