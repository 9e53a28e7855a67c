import { dirname } from 'node:path'
import { runInSlices } from '../../base/cooperative.js'
import { count } from '../../base/count.js'
import { shellWord } from '../../base/shell.js'
import { builtInClasses, builtInNames } from '../../datasets/classes/builtIn.js'
import { isArrayFile } from '../../datasets/labels/vectors.js'
import { type CamFile, decodeCamFile } from '../../formats/camFile/camFile.js'
import { readContent } from '../../formats/camFile/content.js'
import { labelsOfMap } from '../../formats/camFile/labelMap.js'
import { rangeOf } from '../../formats/camFile/scores.js'
import type { PickleValue } from '../../formats/pickle/values.js'
import { contentKind } from './contentKind.js'
import type { FileAtHand } from './fileAtHand.js'
import { vectorLabels } from './labels.js'
import { classesText, dtypeOf, formOf, missingClasses, rangeText, refusalFor, scoresOf } from './mapFacts.js'
import { idsText, sharesOf } from './shares.js'
import type { Found, InspectedMaps } from './types.js'

/** Most bytes that an archive may unpack to: those of the maps that `readCamFile` takes. */
const MAX_BYTES = 2 ** 31

/** A file of arrays: score maps, a label map, or vectors of labels. */
export async function arrays(file: FileAtHand): Promise<Found | undefined> {
  if (!isArrayFile(file.head)) return undefined
  const bytes = await file.read()
  const { value } = await readContent(bytes, file.path, MAX_BYTES)
  if (contentKind(value) === 'labels') return vectorLabels(file.path, value as ReadonlyMap<PickleValue, PickleValue>)
  const { cam, table } = await camOf(bytes, file.path)
  const dtype = dtypeOf(value)
  return cam.labelMap ? labelMap(file.path, cam, dtype) : scoreMaps(file.path, cam, { value, dtype, table })
}

/** The maps; where their names are classes, with the built-in table that has all of them. */
async function camOf(bytes: Uint8Array, path: string): Promise<{ cam: CamFile; table?: string }> {
  try {
    return { cam: await decodeCamFile(bytes, path) }
  } catch (error) {
    for (const table of builtInNames) {
      const entries = builtInClasses[table]!.classes.map(({ label, id }): [string, number] => [label, id])
      const options = { classNames: Object.fromEntries(entries) }
      const cam = await decodeCamFile(bytes, path, options).catch(() => undefined)
      if (cam?.lookedUp) return { cam, table }
    }
    throw error
  }
}

interface Stored {
  value: PickleValue
  dtype: string | undefined
  /** The class table in which names of arrays were looked up. */
  table: string | undefined
}

async function scoreMaps(path: string, cam: CamFile, { value, dtype, table }: Stored): Promise<Found> {
  const shape = [...cam.maps.shape] as InspectedMaps['shape']
  const [maps, height, width] = shape
  if (maps === 0)
    return { kind: 'maps', what: 'score maps of a picture without a class: no map', maps: { shape, classIds: [] } }
  const range = await runInSlices(rangeOf(cam.maps.data))
  const scores = scoresOf(range, maps, path)
  const missing = missingClasses(cam)
  const refused = missing === undefined ? refusalFor(cam, path) : undefined
  const named = table === undefined ? '' : ` --class-table ${table}`
  const options = `${missing?.option ?? ''}${named}${scores.option}`
  return {
    kind: 'maps',
    what: `score maps of one picture: ${count(maps, 'map')} of ${width}x${height}`,
    facts: [
      ['form', formOf(value, cam)],
      ['classes', classesText(cam, table)],
      ['numbers', `${dtype ?? 'of several types'}, ${rangeText(range)}`],
      ['taken for', scores.text],
    ],
    notes: [
      ...(range.finite ? [] : ['Some numbers are NaN or infinite.']),
      ...scores.warnings,
      ...(missing ? [missing.note] : []),
    ],
    ...(refused ? { refused } : {}),
    next: {
      text: 'To refine all maps of the folder:',
      commands: [`npx semples refine --images DIR --cams ${shellWord(dirname(path))}${options} --out refined`],
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
