import { createHash } from 'node:crypto'
import { SemplesError } from '../base/error.js'
import { plainName } from '../formats/camFile/maps.js'
import { didYouMean } from './classes/classTableFile.js'
import type { ClassTable, Dataset } from './dataset.js'
import { type LabelledFile, readLabelsFile } from './labelsFile.js'
import { isOtherPictureName, isPictureName, stemOf } from './pictureNames.js'

interface Row {
  /** As the file spells it. */
  file: string
  /** Folders and name, without extension. */
  path: readonly string[]
  /** Class ids. */
  ids: readonly number[]
}

/** A picture whose labels are asked for. */
export interface LabelledPicture {
  /** Its name, or its path in a folder, without extension. */
  name: string
  /** Path of its file, where it is known. */
  image?: string
}

/** Image-level labels as class ids, found by the names of pictures. */
export class ImageLabels {
  private readonly byName = new Map<string, Row[]>()
  /** Where the labels are whole numbers for names, as COCO's pictures in `cls_labels.npy`. */
  private readonly byNumber = new Map<string, Row[]>()
  /** Which picture a row was found for. */
  private readonly taken = new Map<Row, string>()
  /** Of the pictures and their labels: the first 16 digits of a sha256. */
  readonly fingerprint: string

  /**
   * @param source the labels file, or what messages call the labels
   * @param warnings what is not used or looks like a mistake in the file, one sentence each
   */
  private constructor(
    private readonly source: string,
    rows: readonly Row[],
    readonly warnings: readonly string[],
  ) {
    for (const row of rows) {
      const name = row.path.at(-1)!
      add(this.byName, name, row)
      if (/^\d+$/.test(name)) add(this.byNumber, numberOf(name), row)
    }
    this.fingerprint = createHash('sha256')
      .update(JSON.stringify(rows.map(({ path, ids }) => [path, ids])))
      .digest('hex')
      .slice(0, 16)
  }

  /**
   * Reads any file that `readLabelsFile` reads.
   *
   * @param table names the classes; spelling differs in case, blanks, `_` and `-` at most
   * @throws SemplesError what `readLabelsFile` throws; `SEMPLES_DATA_FILE_INVALID` for a label that the table does not have
   */
  static async read(file: string, table: ClassTable): Promise<ImageLabels> {
    const { rows, warnings } = await readLabelsFile(file, table)
    return new ImageLabels(file, rowsOf(rows, table, file), warnings)
  }

  /**
   * The labels of a data set.
   *
   * @param table whose ids are wanted
   * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` where no picture has a label, or one is not in the table
   */
  static ofDataset({ name, classes, items }: Dataset, table: ClassTable): ImageLabels {
    const rows = items.map(({ id, labels }) => ({
      file: id,
      labels: labels.map((index) => classes.classes[index]!.label),
    }))
    if (rows.every(({ labels }) => labels.length === 0))
      throw new SemplesError('SEMPLES_DATA_FILE_INVALID', { message: `No picture of ${name} has a label.` })
    return new ImageLabels(name, rowsOf(rows, table, name), [])
  }

  /**
   * Class ids of the labels of a picture.
   *
   * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for a picture without a row, and where it is not clear which row is its
   */
  idsOf({ name, image }: LabelledPicture): readonly number[] {
    const paths = [...(image === undefined ? [] : [partsOf(stemOf(image))]), partsOf(name)]
    const found = paths.map((path) => this.rowsOf(path)).find((rows) => rows.length > 0) ?? []
    const [row] = found
    if (row === undefined) throw this.notNamed(name)
    if (found.some(({ ids }) => ids.join() !== row.ids.join()))
      throw this.unclear(`names ${found.map(({ file }) => file).join(' and ')}, and which is ${name} is not clear`)
    const before = this.taken.get(row)
    if (before !== undefined && before !== name)
      throw this.unclear(`names ${row.file}, which may be ${before} or ${name}`)
    this.taken.set(row, name)
    return row.ids
  }

  /** Rows that agree with a path in its last parts: in all of the row's, or in all of the path's. The longest come first. */
  private rowsOf(path: readonly string[]): Row[] {
    const name = path.at(-1) ?? ''
    const named = this.byName.get(name) ?? this.byNumber.get(numberOf(name)) ?? []
    const agreeing = named.map((row) => ({ row, parts: commonEnd(row.path.slice(0, -1), path.slice(0, -1)) + 1 }))
    const fitting = agreeing.filter(({ row, parts }) => parts === row.path.length || parts === path.length)
    const most = Math.max(...fitting.map(({ parts }) => parts))
    return fitting.filter(({ parts }) => parts === most).map(({ row }) => row)
  }

  private notNamed(name: string): SemplesError {
    return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `The image-level labels in ${this.source} do not name the picture ${name}.`,
      file: this.source,
      hint: 'Write a row for every picture; one without an object has no label (a.jpg, and nothing behind the comma).',
    })
  }

  private unclear(why: string): SemplesError {
    return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `The labels file ${this.source} ${why}.`,
      file: this.source,
      hint: 'Write the folders too: boat/1.jpg.',
    })
  }
}

function rowsOf(rows: readonly LabelledFile[], table: ClassTable, source: string): Row[] {
  const ids = new Map(table.classes.map(({ label, id }) => [plainName(label), id]))
  return rows.map(({ file, labels, line }) => ({
    file,
    path: partsOf(isPictureName(file) || isOtherPictureName(file) ? stemOf(file) : file),
    ids: labels.map((label) => ids.get(plainName(label)) ?? unknownLabel(label, line, table, source)),
  }))
}

function unknownLabel(label: string, line: number | undefined, table: ClassTable, source: string): never {
  throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The labels in ${source} name the class "${label}"${line === undefined ? '' : ` (line ${line})`}, which the class table ${table.name} does not have.`,
    file: source,
    value: label,
    hint: didYouMean(label, table),
  })
}

/** Folders and name. IRN writes the names of VOC as numbers. */
function partsOf(file: string): string[] {
  const parts = file
    .normalize()
    .split(/[\\/]+/)
    .filter((part) => part !== '' && part !== '.')
  const name = parts.pop() ?? ''
  return [...parts, /^(19|20)\d{8}$/.test(name) ? `${name.slice(0, 4)}_${name.slice(4)}` : name]
}

/** The number at the end of a name: `9` of `COCO_train2014_000000000009`. */
function numberOf(name: string): string {
  return /^(?:COCO_[a-z0-9]+_)?0*(\d+)$/i.exec(name)?.[1] ?? ''
}

function commonEnd(one: readonly string[], other: readonly string[]): number {
  let common = 0
  while (common < one.length && one.at(-1 - common) === other.at(-1 - common)) common++
  return common
}

function add(map: Map<string, Row[]>, key: string, row: Row): void {
  map.set(key, [...(map.get(key) ?? []), row])
}
