import type { Dataset } from './dataset.js'

/** Sentences on classes that nothing can be told apart from: all pictures show them. */
export function classesInAll({ classes, items }: Dataset): string[] {
  if (items.length < 2) return []
  const counts = countPictures({ classes, items })
  const everywhere = classes.classes.filter((_, index) => counts[index] === items.length)
  if (everywhere.length === 0) return []
  const names = everywhere.slice(0, 6).map(({ label }) => label)
  return [
    `All ${items.length} pictures show ${names.join(', ')}, and none is without ${everywhere.length === 1 ? 'it' : 'them'}: nothing tells ${everywhere.length === 1 ? 'it' : 'them'} from the rest. Add pictures without ${everywhere.length === 1 ? 'it' : 'them'}${classes.classes.length === 1 ? ' (in class folders: in _background/)' : ''}.`,
  ]
}

/** In how many pictures each class is, in the order of the table. */
export function countPictures({ classes, items }: Pick<Dataset, 'classes' | 'items'>): number[] {
  const counts = classes.classes.map(() => 0)
  for (const { labels } of items) for (const index of labels) counts[index]!++
  return counts
}
