import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { editDistance } from '../../base/spelling.js'
import type { ClassTable } from '../dataset.js'
import { knownLabels } from './builtIn.js'
import { MAX_CLASSES, promptOf } from './classTableFile.js'
import { classTable } from './names.js'
import { requireWord } from './prompt.js'

/**
 * The class table of labels alone, in the order of their characters. Labels that are the same letters in two Unicode
 * forms are one class.
 *
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for more classes than a mask byte holds, or one without any word
 */
export function alphabeticalClasses(
  name: string,
  pictures: readonly { labels: readonly string[]; origin: string }[],
): ClassTable {
  const byForm = new Map<string, string>()
  for (const { labels, origin } of pictures) {
    for (const label of labels) {
      const form = label.normalize()
      const earlier = byForm.get(form)
      if (earlier === undefined) requireWord(promptOf(label), { label, where: origin })
      byForm.set(form, earlier === undefined || earlier === label ? label : form)
    }
  }
  const labels = [...byForm.values()].sort()
  if (labels.length > MAX_CLASSES) {
    throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `The pictures of ${name} have ${labels.length} different labels.`,
      value: labels.length,
      expected: `at most ${MAX_CLASSES}, because a mask byte holds the class id (0 is background, 255 void)`,
      hint: 'Are the labels separated by ; or | ?',
    })
  }
  return classTable(
    name,
    labels.map((label) => [label, promptOf(label)]),
  )
}

/** Labels that differ in upper and lower case only are mostly one class, spelled twice. */
export function similarLabels({ classes }: ClassTable): string[] {
  const byLowerCase = new Map<string, string>()
  return classes.flatMap(({ label }) => {
    const form = label.normalize().toLowerCase()
    const twin = byLowerCase.get(form)
    byLowerCase.set(form, label)
    return twin === undefined ? [] : [`The labels "${twin}" and "${label}" differ only in case and are two classes.`]
  })
}

/** A label this many times rarer than another, and in fewer than 5 pictures, may be a slip of the pen. */
const RARER = 5

/**
 * Labels of few pictures that are one letter away from a label of many: `baot`, where others have `boat`.
 * @param counts pictures of each class
 */
export function misspeltLabels({ classes }: ClassTable, counts: readonly number[]): string[] {
  return classes.flatMap(({ label }, index) => {
    const own = counts[index]!
    if (own === 0 || own >= 5 || knownLabels.has(label)) return []
    const form = label.normalize().toLowerCase()
    const meant = classes.findIndex((other, at) => {
      const theirs = other.label.normalize().toLowerCase()
      if (at === index || Math.max(form.length, theirs.length) < 4 || editDistance(form, theirs) !== 1) return false
      // Two names are hardly ever the same letters in another order.
      return counts[at]! >= (letters(form) === letters(theirs) ? own : RARER * own)
    })
    if (meant < 0) return []
    return [
      `The label "${label}" (${count(own, 'picture')}) is a class of its own, and spelled almost like "${classes[meant]!.label}" (${counts[meant]!}). If it is misspelt, correct it in the labels.`,
    ]
  })
}

function letters(word: string): string {
  return [...word].sort().join('')
}
