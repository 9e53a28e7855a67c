import { knownLabels } from '../classes/builtIn.js'
import type { ClassTable } from '../dataset.js'
import { labelsInvalid } from './problem.js'
import type { LabelledFile } from './rows.js'

const LIST = /^(\[.*\]|\{.*\}|\(.*\))$/s
const JOINING: ReadonlySet<string> = new Set(['', 'and', 'und'])
const NUMBERS = /^[\d.\s,]*\d[\s,]+[\d.\s,]*$/
const QUOTED = /^(['"`‘“]).+['"`’”]$/s

/**
 * Looks for labels that are no names: lists as Python and JSON write them, rows of numbers, names in quotes or joined by
 * commas or blanks.
 *
 * @param several how such a file holds several labels: `separated by | or ,`
 * @param classes the class table, where it is known: its labels are meant as they are
 * @returns what looks like a mistake, one sentence each
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for what is certainly one
 */
export function checkLabelNames(
  rows: readonly LabelledFile[],
  file: string,
  several = 'separated by ; or |',
  classes?: ClassTable,
): string[] {
  const meant = new Set(classes?.classes.map(({ label }) => label))
  const first = new Map<string, LabelledFile>()
  for (const row of rows)
    for (const label of row.labels) if (!first.has(label) && !meant.has(label)) first.set(label, row)
  const labels = [...first.keys()]
  for (const [label, row] of first) {
    const what = LIST.test(label) ? 'a list in brackets' : NUMBERS.test(label) ? 'a list of numbers' : undefined
    if (what === undefined) continue
    throw labelsInvalid(file, `has ${what} instead of names${placeOf(row)}`, {
      value: label,
      expected: `names; several of them ${several}`,
      hint:
        what === 'a list of numbers' || /^[[({][\d\s.,]*[\])}]$/.test(label)
          ? 'For 0 and 1 write a column a class, with the names in the header: file,boat,person.'
          : 'Write boat;person instead of a list of Python or JSON.',
    })
  }
  const where = (label: string) => `"${label}"${placeOf(first.get(label)!)}`
  const quoted = labels.find((label) => QUOTED.test(label))
  const comma = labels.find((label) => !QUOTED.test(label) && label.includes(','))
  const bar = labels.find((label) => /[;|]/.test(label))
  const joined = joinedNames(labels)
  const numbers = labels.length > 0 && labels.every((label) => /^-?\d+(\.\d+)?$/.test(label))
  return [
    ...(quoted === undefined ? [] : [`The quotes of the label ${where(quoted)} are taken as a part of its name.`]),
    ...(comma === undefined
      ? []
      : [`The label ${where(comma)} has a comma, and is one class; several labels are ${several}.`]),
    ...(bar === undefined
      ? []
      : [`The label ${where(bar)} has a ; or |, and is one class; several labels are ${several}.`]),
    ...(joined === undefined
      ? []
      : [
          `The label ${where(joined)} is one class, although its words are names of classes too; several labels are ${several}.`,
        ]),
    ...(numbers
      ? [
          `All labels of ${file} are numbers and are taken as names of classes, which CLIP is asked for; classes.json gives each a prompt.`,
        ]
      : []),
  ]
}

/** A label whose words are all names themselves, here or in VOC and COCO: `boat person`, `boat/person`, not `traffic light`. */
function joinedNames(labels: readonly string[]): string | undefined {
  const words = labels.map((label) => label.split(/[\s+&/\\]+/).filter((word) => !JOINING.has(word)))
  return labels.find(
    (_, i) =>
      words[i]!.length > 1 &&
      words[i]!.every((word) => knownLabels.has(word) || words.some((others, j) => j !== i && others.includes(word))),
  )
}

function placeOf({ file, line }: LabelledFile): string {
  return ` (${line === undefined ? file : `line ${line}`})`
}
