import { listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { nearestName } from '../../base/spelling.js'
import { openClassTable } from '../../datasets/classes/builtIn.js'
import { COCO_CATEGORY_IDS, coco2014Classes } from '../../datasets/classes/coco2014.js'
import type { CocoCategory } from '../../datasets/coco/annotations.js'
import { type StatedTable, statedTable } from '../../datasets/predictions/classTables.js'
import { VOID_ID } from '../../masks/labelMap.js'

/**
 * The classes of masks: as named, else as the masks.json in their folder says.
 * @throws SemplesError `SEMPLES_OPTION_INVALID` where neither says it, and what reading a classes.json throws
 */
export async function classesOfMasks(masks: string, classes: string | undefined): Promise<StatedTable> {
  const table = classes === undefined ? await statedTable(masks) : await openClassTable(classes)
  if (table !== undefined) return table
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `Nothing says which classes the pixel values of the masks in ${masks} are.`,
    field: 'classes',
    expected: 'voc2012, coco2014, coco2014-90 or the path of a classes.json',
    hint: "Name their class table: classes: 'coco2014' (--classes coco2014).",
  })
}

/** Category ids of the classes of masks. */
export class Categories {
  /** Category ids that were asked for, by label. */
  readonly used: Record<string, number> = {}
  private readonly labels: ReadonlyMap<number, string>
  private readonly ids: ReadonlyMap<number, number>

  /**
   * @param categories those of the JSON that the results are judged with, matched by name; without them class ids are
   *   category ids, and those of COCO's 80 classes are made COCO's own
   * @throws SemplesError `SEMPLES_CLASSES_DIFFER` where no class is a category
   */
  constructor(
    table: StatedTable,
    private readonly categories: readonly CocoCategory[] | undefined,
    private readonly file: string | undefined,
  ) {
    this.labels = new Map(table.classes.map(({ id, label }) => [id, label]))
    const known = new Map(categories?.map(({ id, name }) => [folded(name), id]))
    const own = isCoco(table) ? (id: number) => COCO_CATEGORY_IDS[id - 1] : (id: number) => id
    this.ids = new Map(
      table.classes.flatMap(({ id, label }): [number, number][] => {
        const category = categories === undefined ? own(id) : known.get(folded(label))
        return category === undefined ? [] : [[id, category]]
      }),
    )
    if (this.ids.size > 0) return
    throw new SemplesError('SEMPLES_CLASSES_DIFFER', {
      message: `No class of the masks is a category of ${file}.`,
      file,
      value: listed(table.classes.map(({ label }) => label)),
      expected: listed(categories!.map(({ name }) => name)),
      hint: 'Classes are matched by name: name the table of the masks (classes, --classes), or give another JSON (imagesJson, --images-json).',
    })
  }

  /**
   * The category of a class that occurs in a mask; undefined for the background and for void pixels.
   * @throws SemplesError `SEMPLES_MASK_CLASS` for a value that is no class, `SEMPLES_CLASSES_DIFFER` for a class that is no category
   */
  of(value: number, mask: string): number | undefined {
    if (value === 0 || value === VOID_ID) return undefined
    const label = this.labels.get(value)
    if (label === undefined)
      throw new SemplesError('SEMPLES_MASK_CLASS', {
        message: `The mask ${mask} has pixels of value ${value}, which is no class.`,
        file: mask,
        value,
        expected: `0 (background), 255 (void) or the id of a class: ${listed([...this.labels.keys()])}`,
        hint: 'Name the class table that the masks were made with (classes, --classes).',
      })
    const category = this.ids.get(value)
    if (category !== undefined) {
      this.used[label] = category
      return category
    }
    const near = nearestName(label, this.categories?.map(({ name }) => name) ?? [])
    throw new SemplesError('SEMPLES_CLASSES_DIFFER', {
      message: `The mask ${mask} has pixels of ${label}, which is no category of ${this.file}.`,
      file: mask,
      value: label,
      hint: `Classes are matched by name${near === undefined ? '' : `, and ${near} is spelled most like it`}: name it in a classes.json as the JSON does (classes, --classes).`,
    })
  }
}

/** A name without what spellings differ in: "dining table", "dining_table", "diningtable". */
function folded(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '')
}

function isCoco({ classes }: StatedTable): boolean {
  const coco = coco2014Classes.classes
  return classes.length === coco.length && classes.every(({ id, label }) => coco[id - 1]?.label === label)
}
