import { readContent } from '../../formats/camFile/content.js'
import { listNumbers } from '../../formats/numericArray.js'
import { numbersOfValue } from '../../formats/pickle/torch.js'
import { PickledTuple, type PickleValue } from '../../formats/pickle/values.js'
import { builtInClasses, builtInNames } from '../classes/builtIn.js'
import type { ClassTable } from '../dataset.js'
import { labelsInvalid } from './problem.js'
import type { LabelledFile, LabelRows } from './rows.js'

/** Most bytes that an archive may unpack to: a million pictures of a hundred classes. */
const MAX_BYTES = 2 ** 30

/** Whether bytes begin as NumPy's files, archives and pickles do. */
export function isArrayFile(bytes: Uint8Array): boolean {
  const [first, second, third] = bytes
  return first === 0x93 || (first === 0x50 && second === 0x4b && third === 3) || (first === 0x80 && (second ?? 9) <= 5)
}

/**
 * Rows of a dictionary from names of pictures to vectors of 0 and 1, one number a class: `cls_labels.npy` of the field.
 * Also as `.npz`, pickle and `torch.save` file. Names may be whole numbers.
 *
 * @param classes what the columns are, in order
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID`; what reading such a file throws (`SEMPLES_PICKLE_...`, `SEMPLES_NPY_...`)
 */
export async function vectorRows(bytes: Uint8Array, file: string, classes?: ClassTable): Promise<LabelRows> {
  const { value } = await readContent(bytes, file, MAX_BYTES)
  if (!(value instanceof Map)) {
    throw labelsInvalid(file, 'holds no dictionary from names of pictures to vectors', {
      hint: "numpy.save('cls_labels.npy', {'2007_000032': vector, ...}) writes one; an array alone does not say which picture is which.",
    })
  }
  const rows: LabelledFile[] = []
  let columns: number | undefined
  for (const [key, content] of value) {
    const name = typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint' ? String(key) : undefined
    if (name === undefined) throw labelsInvalid(file, 'has a key that is neither a text nor a whole number')
    const vector = vectorOf(content, file)
    if (vector === undefined) throw labelsInvalid(file, `holds no vector of numbers for ${name}`)
    columns ??= vector.length
    if (vector.length !== columns)
      throw labelsInvalid(file, `has ${columns} numbers for one picture, and ${vector.length} for ${name}`)
    rows.push({ file: name, labels: labelsOf(vector, name, file, tableFor(columns, file, classes)) })
  }
  return { rows, form: [`a dictionary of vectors with ${columns ?? 0} columns`], warnings: [] }
}

function vectorOf(value: PickleValue, file: string): number[] | undefined {
  const array = numbersOfValue(value, file)
  if (array !== undefined) {
    const { shape } = array
    return shape.length === 1 || (shape.length === 2 && shape[0] === 1) ? listNumbers(array) : undefined
  }
  const items = value instanceof PickledTuple ? value.items : value
  if (!Array.isArray(items)) return undefined
  const numbers = items.map((item) => (typeof item === 'boolean' ? Number(item) : item))
  return numbers.every((item) => typeof item === 'number') ? numbers : undefined
}

/** The class table, which must have as many classes as there are columns. */
function tableFor(columns: number, file: string, classes?: ClassTable): ClassTable {
  if (classes === undefined) {
    throw labelsInvalid(file, `has vectors of ${columns} numbers, and nothing says which classes these are`, {
      hint: `${namedHint(columns)} Other classes stand in a classes.json, in the order of the columns (--classes classes.json).`,
    })
  }
  const { length } = classes.classes
  if (length === columns) return classes
  throw labelsInvalid(
    file,
    `has vectors of ${columns} numbers, and the class table has ${length} classes (${firstOf(classes)})`,
    {
      value: columns,
      expected: `${length} numbers a picture`,
      hint: columns === length + 1 ? 'Is there a column for the background? Leave it out.' : hintFor(columns),
    },
  )
}

function hintFor(columns: number): string {
  const named = namedHint(columns)
  if (columns === 80 || columns === 90)
    return `${named} In the folder of COCO 2014 itself: --set data.classes=${columns}.`
  if (named !== '') return named
  return 'Give the class table that the vectors were made for (classes.json).'
}

/** The table of ours with so many classes. */
function namedHint(columns: number): string {
  const name = builtInNames.find((each) => builtInClasses[each]!.classes.length === columns)
  if (name === undefined) return ''
  const whose = name === 'voc2012' ? 'PASCAL VOC 2012' : 'COCO 2014'
  return `If they are the ${columns} classes of ${whose}: --classes ${name} (classes: '${name}' in a program).`
}

function firstOf({ classes }: ClassTable): string {
  const first = classes.slice(0, 3).map(({ label }) => label)
  return [...first, ...(classes.length > first.length ? ['...'] : [])].join(', ')
}

function labelsOf(vector: readonly number[], name: string, file: string, { classes }: ClassTable): string[] {
  return classes.flatMap(({ label }, column) => {
    if (vector[column] === 1) return [label]
    if (vector[column] === 0) return []
    throw labelsInvalid(file, `has another number than 0 and 1 for ${name}, column ${column}`, {
      value: vector[column],
      hint: 'Save 1 where the picture shows the class, else 0.',
    })
  })
}
