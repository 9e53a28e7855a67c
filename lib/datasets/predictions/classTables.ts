import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { type LabelMap, VOID_ID } from '../../masks/labelMap.js'
import { readClassTable } from '../classes/classTableFile.js'
import { idsWithBackground } from '../classes/ids.js'
import type { ClassTable } from '../dataset.js'
import { isFile } from './camFiles.js'

/** A table of ids and labels: as masks.json has it, without colours. */
export type StatedTable = { classes: readonly { id: number; label: string }[] }

/** The class table of a run's masks or maps: named in the masks.json of their folder, or kept in the folder of the run. */
export async function statedTable(folder: string): Promise<StatedTable | undefined> {
  try {
    const { classes, run } = JSON.parse(await readFile(join(folder, 'masks.json'), 'utf8')) as Record<string, unknown>
    const list: unknown = Array.isArray(classes) ? classes : (classes as ClassTable | undefined)?.classes
    const isTable = Array.isArray(list) && list.every((entry) => typeof entry?.id === 'number' && 'label' in entry)
    if (isTable) return { classes: list }
    return typeof run === 'string' ? await readClassTable(join(run, 'classes.json')) : undefined
  } catch {
    // Masks of other programs, a masks.json of something else, or a run that was moved: nothing is said.
    return undefined
  }
}

/** The classes.json that lies in a folder of ground truth, or in the one above it. */
export async function tableBeside(folder: string): Promise<{ file: string; table: ClassTable } | undefined> {
  const path = resolve(folder)
  for (const file of [join(path, 'classes.json'), join(dirname(path), 'classes.json')]) {
    if (!(await isFile(file))) continue
    const table = await readClassTable(file).catch(() => undefined)
    if (table !== undefined) return { file, table }
  }
  return undefined
}

/** What `--classes` takes for the masks of a folder: their table's file; a name to be filled in where nothing says which. */
export async function tableFile(folder: string, otherwise = 'TABLE'): Promise<string> {
  const beside = await tableBeside(folder)
  if (beside !== undefined) return beside.file
  try {
    const { run } = JSON.parse(await readFile(join(folder, 'masks.json'), 'utf8')) as Record<string, unknown>
    const file = typeof run === 'string' ? join(run, 'classes.json') : undefined
    if (file !== undefined && (await isFile(file))) return file
  } catch {
    // No masks of ours.
  }
  return otherwise
}

/** The labels that both tables have under different ids, with the id of each. */
export function renumbered(one: StatedTable, other: StatedTable): { label: string; one: number; other: number }[] {
  const ids = new Map(other.classes.map(({ id, label }) => [label, id]))
  return one.classes.flatMap(({ id, label }) => {
    const second = ids.get(label)
    return second === undefined || second === id ? [] : [{ label, one: id, other: second }]
  })
}

/** What ids are changed to, for messages. */
export interface RenumberingTarget {
  /** What has the other table. */
  name: string
  /** What to do where it lacks a class. */
  hint: string
}

const groundTruth: RenumberingTarget = {
  name: 'ground truth',
  hint: 'Evaluate with a class table that has all classes of the masks (classes, --classes).',
}

/** Ids of one table in place of those of another that has the same classes by name. */
export class Renumbering {
  /** Pixel values that the masks may have. */
  readonly from: readonly number[]
  private readonly ids: ReadonlyMap<number, number>
  private readonly labels: ReadonlyMap<number, string>

  private constructor(
    from: StatedTable,
    to: StatedTable,
    private readonly first: { label: string; one: number; other: number },
    private readonly where: string,
    private readonly target: RenumberingTarget,
  ) {
    const idOf = new Map(to.classes.map(({ id, label }) => [label, id]))
    this.from = idsWithBackground(from as ClassTable)
    this.labels = new Map(from.classes.map(({ id, label }) => [id, label]))
    this.ids = new Map([
      [0, 0],
      [VOID_ID, VOID_ID],
      ...from.classes.flatMap(({ id, label }): [number, number][] => (idOf.has(label) ? [[id, idOf.get(label)!]] : [])),
    ])
  }

  /** @returns undefined where every class that both have has one id, so that there is nothing to do */
  static of(
    from: StatedTable | undefined,
    to: StatedTable,
    where: string,
    target = groundTruth,
  ): Renumbering | undefined {
    const [first] = from === undefined ? [] : renumbered(from, to)
    return first === undefined ? undefined : new Renumbering(from!, to, first, where, target)
  }

  /** What was done, in a sentence. */
  get sentence(): string {
    const { label, one, other } = this.first
    return `Masks and ${this.target.name} number their classes differently, and were matched by name: ${label} is ${one} by ${this.where}, and ${other} in the ${this.target.name}.`
  }

  /** @throws SemplesError `SEMPLES_MASK_CLASS` for a class that the other table does not have */
  mask(mask: LabelMap, name: string): LabelMap {
    const table = new Uint8Array(256)
    for (const value of new Set(mask.data)) table[value] = this.idOf(value, name)
    return { ...mask, data: mask.data.map((value) => table[value]!) }
  }

  idOf(id: number, name: string): number {
    const found = this.ids.get(id)
    if (found !== undefined) return found
    const label = this.labels.get(id)
    throw new SemplesError('SEMPLES_MASK_CLASS', {
      message: `${name} has ${label === undefined ? 'pixels that are no class' : `pixels of ${label}, a class that the ${this.target.name} does not have`}.`,
      file: name,
      value: id,
      expected: `a class of the ${this.target.name}, by the names in ${this.where}`,
      hint: this.target.hint,
    })
  }
}
