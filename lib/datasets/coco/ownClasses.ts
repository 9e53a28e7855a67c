import { SemplesError } from '../../base/error.js'
import { MAX_CLASSES, promptOf } from '../classes/classTableFile.js'
import { classTable } from '../classes/names.js'
import type { ClassTable } from '../dataset.js'
import { type CocoCategory, type CocoFile, cocoInvalid } from './annotations.js'

/** The class table that a COCO file with categories of its own makes. */
export interface OwnClasses {
  table: ClassTable
  /** Index into the table, by category id. */
  indexOf: Map<number, number>
  warnings: string[]
}

/** Names of categories that are the background of masks, if they are anything. */
const BACKGROUND = /^_*background_*$/i

/**
 * Classes by ascending category id, with ids from 1. Passed over are categories that no annotation uses and that are no
 * class: the name of the whole project, which Roboflow puts at id 0, and a background.
 *
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID`
 */
export function ownClasses({ file, categories, annotations }: CocoFile, name: string): OwnClasses {
  const used = new Set([...annotations.values()].flatMap((list) => list.map(({ categoryId }) => categoryId)))
  checkCategories(file, categories, used)
  const isJunk = (category: CocoCategory): boolean =>
    !used.has(category.id) && (BACKGROUND.test(category.name) || (category.id === 0 && isParent(category, categories)))
  const kept = categories.filter((category) => !isJunk(category)).sort((a, b) => a.id - b.id)
  if (kept.length > MAX_CLASSES)
    throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `${file} has ${kept.length} categories.`,
      file,
      value: kept.length,
      expected: `at most ${MAX_CLASSES}, because a mask byte holds the class id (0 is background, 255 void)`,
    })
  const table = classTable(
    name,
    kept.map(({ name: label }) => [label.trim(), promptOf(label)]),
  )
  return {
    table,
    indexOf: new Map(kept.map(({ id }, index) => [id, index])),
    warnings: [
      ...categories
        .filter(isJunk)
        .map(
          ({ id, name: label }) =>
            `Category ${id} "${label}" of ${file} has no annotation and is no class: passed over.`,
        ),
      ...kept
        .filter(({ name: label }) => BACKGROUND.test(label))
        .map(
          ({ name: label }) =>
            `The category "${label}" of ${file} is trained as a class of its own; in masks 0 is the background.`,
        ),
      ...unusedWarning(kept, used),
    ],
  }
}

/** Whether a category stands for the others rather than beside them. */
function isParent(category: CocoCategory, categories: readonly CocoCategory[]): boolean {
  const isNone = (name: string | undefined) => name === undefined || name === '' || name === 'none'
  const others = categories.filter((other) => other !== category && !isNone(other.supercategory))
  return (
    others.length > 0 &&
    (isNone(category.supercategory) || others.some((other) => other.supercategory === category.name))
  )
}

function unusedWarning(kept: readonly CocoCategory[], used: ReadonlySet<number>): string[] {
  const unused = kept.filter(({ id }) => !used.has(id)).map(({ name }) => name)
  if (unused.length === 0) return []
  const named = unused.length > 5 ? `${unused.slice(0, 5).join(', ')}, ...` : unused.join(', ')
  return [`${unused.length} of ${kept.length} categories have no annotation: ${named}.`]
}

function checkCategories(file: string, categories: readonly CocoCategory[], used: ReadonlySet<number>): void {
  const ids = new Set<number>()
  const names = new Set<string>()
  for (const { id, name } of categories) {
    const label = name.trim()
    if (promptOf(label) === '') throw cocoInvalid(file, `gives category ${id} no name`)
    if (ids.has(id)) throw cocoInvalid(file, `has category ${id} twice`)
    if (names.has(label)) throw cocoInvalid(file, `calls two categories "${label}"`)
    ids.add(id)
    names.add(label)
  }
  const unknown = [...used].find((id) => !ids.has(id))
  if (unknown !== undefined) throw cocoInvalid(file, `has annotations of category ${unknown}, which it does not list`)
}
