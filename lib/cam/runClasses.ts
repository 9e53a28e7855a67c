import { listed } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { idsOf } from '../datasets/classes/ids.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { type DataSpec, resolveData } from '../datasets/kinds.js'
import { openDataset } from '../datasets/open.js'

/** The classes of a run, and its file of them. */
export interface RunClasses {
  classes: ClassTable
  /** Absolute path of its classes.json. */
  file: string
}

/**
 * Opens labelled pictures for the generator of a run: labels, and ids in masks, are those of the run's classes. The
 * pictures may show some of these classes only, and a table of their own may number them otherwise: the label is what
 * says which class it is.
 *
 * @throws SemplesError `SEMPLES_CLASSES_DIFFER` for a label that the run does not have, and what `openDataset` throws
 */
export async function openWithClassesOf(data: DataSpec, split: 'train' | 'val', run: RunClasses): Promise<Dataset> {
  const { kind, options } = resolveData(data)
  if (kind.kind !== 'folder' || options.classes !== undefined)
    return withClasses(await openDataset(data, split), run.classes)
  return openDataset({ ...data, classes: run.file } as DataSpec, split).catch((error: unknown) => {
    if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_CLASS_UNKNOWN') throw error
    const label = String(error.value)
    throw otherClasses(`The label "${label}" is not among the classes of the run.`, run.classes, label, error)
  })
}

function withClasses(dataset: Dataset, classes: ClassTable): Dataset {
  const theirs = dataset.classes.classes
  const ours = classes.classes
  const same = theirs.length === ours.length && theirs.every(({ id, label }, i) => isEntry(ours[i], id, label))
  if (same) return dataset
  const indices = theirs.map(({ label }) => ours.findIndex((entry) => entry.label === label))
  const unknown = theirs.filter((_, index) => indices[index]! < 0).map(({ label }) => label)
  if (unknown.length > 0)
    throw otherClasses(
      `The classes of ${dataset.name} are not those of the run, which has no ${listed(unknown)}.`,
      classes,
      unknown[0],
    )
  const renumbered = theirs.some(({ id }, index) => ours[indices[index]!]!.id !== id)
  const idOf = new Map(theirs.map(({ id }, index) => [id, idsOf(classes, [indices[index]!])[0]!]))
  return {
    ...dataset,
    classes,
    items: dataset.items.map((item) => ({
      ...item,
      labels: item.labels.map((index) => indices[index]!).sort((one, other) => one - other),
    })),
    warnings: [
      ...(dataset.warnings ?? []),
      ...(renumbered
        ? [
            `The classes of ${dataset.name} have other ids than those of the run: they are matched by name, and masks have the ids of the run.`,
          ]
        : []),
    ],
    mask: async (item) => {
      const mask = await dataset.mask(item)
      return mask && { ...mask, data: mask.data.map((id) => idOf.get(id) ?? id) }
    },
  }
}

function isEntry(entry: ClassTable['classes'][number] | undefined, id: number, label: string): boolean {
  return entry?.id === id && entry.label === label
}

function otherClasses(message: string, { classes }: ClassTable, value: unknown, cause?: unknown): SemplesError {
  const labels = classes.map(({ label }) => label)
  return new SemplesError('SEMPLES_CLASSES_DIFFER', {
    message,
    field: 'data',
    value,
    expected: listed(labels, 20),
    hint: "Name classes as the run does and leave out pictures of others; or let the generator predict the labels: labels: 'predicted' (--labels predicted).",
    cause,
  })
}
