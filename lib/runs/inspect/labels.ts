import { count, listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { shellWord } from '../../base/shell.js'
import { builtInClasses, builtInNames } from '../../datasets/classes/builtIn.js'
import { alphabeticalClasses } from '../../datasets/classes/ofLabels.js'
import { classesOf, readLabelsFile } from '../../datasets/labelsFile.js'
import { readImageList } from '../../datasets/voc/imageList.js'
import type { PickleValue } from '../../formats/pickle/values.js'
import { shapeOfValue } from '../../formats/weightShapes.js'
import type { FileAtHand } from './fileAtHand.js'
import { refusalOf } from './texts.js'
import type { Found } from './types.js'

/** Rows that are shown. */
const SHOWN = 3

/**
 * Image-level labels, the one thing that a text or JSON can be that is nothing else.
 * @param form what the file is anyway: `a text`
 * @throws SemplesError what `readLabelsFile` throws
 */
export async function labelsOrError(file: FileAtHand, form: string): Promise<Found> {
  return labels(file).catch((error: unknown) => {
    if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_DATA_FILE_INVALID') throw error
    const { message, hint } = refusalOf(error)
    throw new SemplesError(error.code, {
      message: `${file.path} is ${form}, of which semples knows no other kind than image-level labels, and as such it is refused: ${message}`,
      file: file.path,
      hint,
      cause: error,
    })
  })
}

async function labels(file: FileAtHand): Promise<Found> {
  const { rows, described, warnings } = await readLabelsFile(file.path)
  const names = [...new Set(rows.flatMap((row) => row.labels))].sort()
  const none = rows.filter((row) => row.labels.length === 0).length
  // The same refusals as in training.
  alphabeticalClasses(file.name, [{ labels: names, origin: file.path }])
  const form = described.slice(file.name.length + 2)
  return {
    kind: 'labels',
    what: 'image-level labels of pictures',
    facts: [
      ['form', form],
      ['classes', `${names.length}: ${listed(names, 12)}`],
      ...rows
        .slice(0, SHOWN)
        .map((row, index): [string, string] => [
          index === 0 ? 'rows' : '',
          `${row.file}: ${row.labels.length === 0 ? 'no object' : row.labels.join(', ')}`,
        ]),
      ...(rows.length > SHOWN ? [['', `and ${rows.length - SHOWN} more`] as [string, string]] : []),
    ],
    notes: [
      ...(none > 0 ? [`${count(none, 'picture')} of them without an object: training leaves these out.`] : []),
      ...warnings,
    ],
    next: { text: 'To see whether it fits a folder of pictures:', commands: [checkCommand(file.path)] },
    labels: { described, pictures: rows.length, classes: names },
  }
}

function checkCommand(path: string, more = ''): string {
  return `npx semples data check DIR --labels ${shellWord(path)}${more}`
}

/** A dictionary from names of pictures to vectors of 0 and 1. */
export function vectorLabels(path: string, value: ReadonlyMap<PickleValue, PickleValue>): Found {
  const [first] = value.values()
  const columns = shapeOfValue(first)?.shape[0] ?? (Array.isArray(first) ? first.length : 0)
  const table = builtInNames.find((name) => builtInClasses[name]!.classes.length === columns)
  const described = `a dictionary of vectors with ${columns} columns, ${count(value.size, 'picture')}`
  const names = [...value.keys()].map(String)
  return {
    kind: 'labels',
    what: 'image-level labels: a vector of 0 and 1 for each picture (cls_labels.npy of the field)',
    facts: [
      ['form', described],
      ['classes', `${classesOf(columns)}, whose names stand in a class table`],
      ['pictures', listed(names, 4)],
    ],
    notes:
      table === undefined
        ? ['Write a classes.json with the names of the classes in the order of the columns.']
        : [`${columns} columns are as many as the table ${table} has classes.`],
    next: {
      text: 'To see whether it fits a folder of pictures:',
      commands: [checkCommand(path, ` --classes ${table ?? 'classes.json'}`)],
    },
    labels: { described, pictures: value.size },
  }
}

/** A list of pictures, a name a line; undefined for other texts. */
export async function pictureList(file: FileAtHand): Promise<Found | undefined> {
  const list = await readImageList(file.path).catch(() => undefined)
  if (list === undefined || list.length < 2) return undefined
  const masks = list.filter(({ mask }) => mask !== undefined).length
  return {
    kind: 'list',
    what: `a list of ${count(list.length, 'picture')}`,
    facts: [
      [
        'names',
        listed(
          list.map(({ id }) => id),
          4,
        ),
      ],
      ...(masks > 0 ? [['masks', `${count(masks, 'path')} beside them`] as [string, string]] : []),
    ],
    next: {
      text: 'It says which pictures of a data set are taken:',
      commands: [`npx semples convert --data VOCdevkit/VOC2012 --list ${shellWord(file.path)} --out photos`],
    },
  }
}
