import { dirname } from 'node:path'
import { runInSlices } from '../../base/cooperative.js'
import { count, listed } from '../../base/count.js'
import { shellWord } from '../../base/shell.js'
import { isArrayFile } from '../../datasets/labels/vectors.js'
import { type CamFile, decodeCamFile } from '../../formats/camFile/camFile.js'
import { classMapsOf } from '../../formats/camFile/classMaps.js'
import { readContent } from '../../formats/camFile/content.js'
import { CountedKeys, countedKeysOf } from '../../formats/camFile/countedKeys.js'
import { labelsOfMap } from '../../formats/camFile/labelMap.js'
import { checkRange, rangeOf, type ScoreRange } from '../../formats/camFile/scores.js'
import type { PickleValue } from '../../formats/pickle/values.js'
import { shapeOfValue } from '../../formats/weightShapes.js'
import { contentKind } from './contentKind.js'
import type { FileAtHand } from './fileAtHand.js'
import { vectorLabels } from './labels.js'
import { idsText, sharesOf } from './shares.js'
import { numberText, refusalOf } from './texts.js'
import type { Found, InspectedMaps } from './types.js'

/** Most bytes that an archive may unpack to: those of the maps that `readCamFile` takes. */
const MAX_BYTES = 2 ** 31

/** A file of arrays: score maps, a label map, or vectors of labels. */
export async function arrays(file: FileAtHand): Promise<Found | undefined> {
  if (!isArrayFile(file.head)) return undefined
  const bytes = await file.read()
  const { value } = await readContent(bytes, file.path, MAX_BYTES)
  if (contentKind(value) === 'labels') return vectorLabels(file.path, value as ReadonlyMap<PickleValue, PickleValue>)
  const cam = await decodeCamFile(bytes, file.path)
  const shape = [...cam.maps.shape] as InspectedMaps['shape']
  const dtype = dtypeOf(value)
  if (cam.labelMap) return labelMap(file.path, cam, dtype)
  if (shape[0] === 0)
    return {
      kind: 'maps',
      what: 'score maps of a picture without a class: no map',
      maps: { shape, classIds: [], ...(dtype ? { dtype } : {}) },
    }
  const range = await runInSlices(rangeOf(cam.maps.data))
  const taken = scoresOf(range, shape[0], file.path)
  const keys = new CountedKeys()
  keys.add(countedKeysOf(cam, {}))
  const refused = refusalFor(cam, file.path)
  return {
    kind: 'maps',
    what: `score maps of one picture (${count(shape[0], 'map')} of ${shape[2]}x${shape[1]})`,
    facts: [
      ['form', formOf(value, cam)],
      ['classes', classesText(cam)],
      ['size', `${count(shape[0], 'map')}, ${shape[1]} rows, ${shape[2]} columns${dtype ? `, ${dtype}` : ''}`],
      ['values', rangeText(range)],
      ['taken for', taken.text],
    ],
    notes: [...(range.finite ? [] : ['Some numbers are NaN or infinite.']), ...taken.warnings, ...keys.warnings()],
    ...(refused ? { refused } : {}),
    next: {
      text: refused
        ? 'With the class ids added, to refine all maps of the folder:'
        : 'To refine all maps of the folder:',
      commands: [
        `npx semples refine --images DIR --cams ${shellWord(dirname(file.path))}${taken.option} --out refined`,
      ],
    },
    maps: {
      shape,
      ...(dtype ? { dtype } : {}),
      ...(cam.classIds ? { classIds: cam.classIds } : {}),
      ...(range.min <= range.max ? { range: { min: range.min, max: range.max } } : {}),
    },
  }
}

function labelMap(path: string, cam: CamFile, dtype: string | undefined): Found {
  const { labels, warnings } = labelsOfMap(cam.maps, path)
  const ids = sharesOf(labels.data, undefined)
  return {
    kind: 'mask',
    what: 'a label map: one whole number a pixel, as in a mask',
    facts: [
      ['size', `${labels.width}x${labels.height}${dtype ? `, ${dtype}` : ''}`],
      ['ids', idsText(ids)],
    ],
    notes: warnings.map(({ text }) => text),
    next: {
      text: 'To refine all label maps of the folder:',
      commands: [`npx semples refine --images DIR --cams ${shellWord(dirname(path))} --out refined`],
    },
    mask: { width: labels.width, height: labels.height, ids },
  }
}

/** Type of the numbers, as stored. */
function dtypeOf(value: PickleValue): string | undefined {
  const values = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : [value]
  const shapes = values.flatMap((each) => shapeOfValue(each) ?? [])
  return shapes.find(({ shape }) => shape.length >= 2)?.dtype
}

function formOf(value: PickleValue, { classes, named, entry, classIds }: CamFile): string {
  if (Array.isArray(value)) return 'a list of maps'
  if (!(value instanceof Map))
    return classes === undefined ? 'one array of maps' : 'one array of maps, and behind it their class ids'
  if (entry !== undefined)
    return classes === undefined ? `array ${entry}` : `array ${entry}, and keys that list its classes`
  const ids =
    classIds === undefined ? 'one array a class' : named ? 'one array a class id' : 'one array a key, counted from 0'
  return `a dictionary of ${ids}`
}

function classesText({ classIds, classes }: CamFile): string {
  if (classIds === undefined) return 'not said in the file'
  const keys = classes?.filter((key) => key >= 0).join() === classIds.filter((id) => id > 0).join()
  return `${listed(classIds, 20)}${keys || classes === undefined ? '' : ` (keys ${listed(classes, 20)})`}`
}

function rangeText({ min, max, finite }: ScoreRange): string {
  if (!(min <= max)) return 'no number that is finite'
  return `${numberText(min)} to ${numberText(max)}${finite ? '' : ', and NaN or infinities'}`
}

/** What refinement takes the numbers for without being told, and the option where that would be refused. */
function scoresOf(range: ScoreRange, maps: number, name: string): { text: string; option: string; warnings: string[] } {
  try {
    const warnings = checkRange(range, maps, { kind: 'probabilities', name })
    return { text: 'probabilities', option: '', warnings: warnings.map(({ text }) => text) }
  } catch {
    const text = 'no probabilities: say raw (each map scaled to its own range), logits or energies (-ln p)'
    return { text, option: ' --scores raw', warnings: [] }
  }
}

function refusalFor(cam: CamFile, path: string): Found['refused'] {
  try {
    classMapsOf(cam, path, { given: false })
    return undefined
  } catch (error) {
    return refusalOf(error)
  }
}
