import type { ClassTable } from '../dataset.js'

/** Class ids (pixel values) of indices into a table, in their order. */
export function idsOf({ classes }: ClassTable, indices: readonly number[]): number[] {
  return indices.map((index) => classes[index]!.id)
}

/** All pixel values of masks with this table: the background and every class. */
export function idsWithBackground({ classes }: ClassTable): number[] {
  return [0, ...classes.map(({ id }) => id)]
}

/** Class ids (pixel values) by label. */
export function idsByLabel({ classes }: ClassTable): Record<string, number> {
  return Object.fromEntries(classes.map(({ label, id }) => [label, id]))
}
