import { dirname } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { shellWord } from '../../base/shell.js'
import { voc2012Classes } from '../../datasets/classes/voc2012.js'
import { type StatedTable, statedTable, tableBeside, tableFile } from '../../datasets/predictions/classTables.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { statedOrientation } from '../../masks/orientation.js'
import { maskPalette } from '../../masks/palette.js'
import { decodeMask } from '../../masks/png.js'
import type { FileAtHand } from './fileAtHand.js'
import { idsText, sharesOf } from './shares.js'
import { refusalOf } from './texts.js'
import type { Found } from './types.js'

/** More different values than a mask of people has classes: a picture in grey, or with a palette. */
const MAX_IDS = 100

/** Where the header of a PNG has bits a sample and kind of colours. */
const [DEPTH, COLOURS] = [24, 25]
const [GREY, TRUECOLOUR, PALETTE] = [0, 2, 3]

/** A PNG whose pixels are class ids; undefined for PNGs that are pictures. */
export async function mask(file: FileAtHand): Promise<Found | undefined> {
  if (!file.startsWith(0x89, 0x50, 0x4e, 0x47)) return undefined
  const colours = file.head[COLOURS]
  if (colours !== GREY && colours !== TRUECOLOUR && colours !== PALETTE) return undefined
  const folder = dirname(file.path)
  const [stated, beside] = [await statedTable(folder), await tableBeside(folder)]
  const table: StatedTable | undefined = stated ?? beside?.table
  const read = await readIds(file, colours === TRUECOLOUR, beside?.table.classes)
  if (read === undefined) return undefined
  if ('refused' in read)
    return {
      kind: 'mask',
      what: 'a mask whose ids are not clear',
      facts: [['mode', modeOf(file)]],
      refused: read.refused,
    }
  const values = [...new Set(read.data)]
  if (values.length > MAX_IDS) return undefined
  const named = table ?? (colours !== GREY && isOfVoc(values) ? voc2012Classes : undefined)
  const ids = sharesOf(read.data, named)
  const orientation = await statedOrientation(file.path)
  const unknown = named && values.filter((id) => id > 0 && id < 255 && !named.classes.some((one) => one.id === id))
  return {
    kind: 'mask',
    what: 'a mask: its pixel values are class ids',
    facts: [
      ['size', `${read.width}x${read.height}`],
      ['mode', modeOf(file)],
      ['ids', idsText(ids)],
      ['classes', tableText(stated, beside?.file, named)],
      ...(orientation
        ? [
            [
              'EXIF',
              orientation === 'applied' ? 'of the picture as viewers show it' : 'of the picture as it is stored',
            ] as [string, string],
          ]
        : []),
    ],
    notes: [
      ...(unknown && unknown.length > 0 ? [`The class table has no ${unknown.join(', ')}.`] : []),
      ...(values.every((id) => id === 0 || id === 255) && values.includes(255)
        ? ['Of 0 and 255 alone it holds no class: 255 is an unsure pixel. A class needs its id, such as 1.']
        : []),
    ],
    next: {
      text: 'To compare the masks of the folder with ground truth, or to refine them:',
      commands: [
        `npx semples eval --masks ${shellWord(folder)} --ground-truth DIR --classes ${shellWord(await tableFile(folder, named === voc2012Classes ? 'voc2012' : undefined))}`,
        `npx semples refine --images DIR --cams ${shellWord(folder)} --out refined`,
      ],
    },
    mask: { width: read.width, height: read.height, ids },
  }
}

type Entries = Parameters<typeof maskPalette>[0]

/** Truecolour is a mask where every colour is one of the class table or of VOC. */
async function readIds(
  file: FileAtHand,
  isTruecolour: boolean,
  classes: Entries,
): Promise<LabelMap | { refused: Found['refused'] } | undefined> {
  const bytes = await file.read()
  try {
    return decodeMask(bytes, file.path, { palette: maskPalette(classes) })
  } catch (error) {
    // A picture in colours; one of 16 bits.
    if (isTruecolour || file.head[DEPTH] === 16) return undefined
    if (error instanceof SemplesError && error.message.includes('not a readable PNG')) throw error
    return { refused: refusalOf(error) }
  }
}

function modeOf({ head }: FileAtHand): string {
  const bits = head[DEPTH] === 1 ? '1 bit' : `${head[DEPTH]} bits`
  if (head[COLOURS] === PALETTE) return `palette (indexed), ${bits}`
  return head[COLOURS] === GREY ? `grey, ${bits}` : 'RGB, whose colours are those of classes'
}

function isOfVoc(values: readonly number[]): boolean {
  return values.every((id) => id <= 20 || id === 255)
}

function tableText(
  stated: StatedTable | undefined,
  beside: string | undefined,
  named: StatedTable | undefined,
): string {
  if (stated !== undefined) return `${stated.classes.length}, by the masks.json beside it`
  if (beside !== undefined) return `${named?.classes.length}, by ${beside}`
  return named === undefined
    ? 'not said: no masks.json or classes.json beside it'
    : 'not said; the names are those that VOC 2012 gives to such ids'
}
