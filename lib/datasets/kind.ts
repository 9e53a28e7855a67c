import type { z } from 'zod'
import type { ClassTable, Dataset } from './dataset.js'

/** Pictures to train on, or to evaluate on. */
export type Split = 'train' | 'val'

/** One kind of data set: its options, how its folders are recognised, and how it is opened. */
export interface DatasetKind<Kind extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  /** Also the field that names its folder: `data: { voc2012: DIR }` means `{ kind: 'voc2012', voc2012: DIR }`. */
  kind: Kind
  /** For people: `PASCAL VOC 2012`. */
  title: string
  /** Fields of `data`, each with its note and its default. */
  schema: Schema
  /** What `reference: true` changes. */
  published?: Partial<z.infer<Schema>>
  /** The table that its pictures have anyway, by its name among the built-in ones. */
  classTables?: Readonly<Record<string, ClassTable>>
  /** The field of the list or split that says which pictures are used; absent where there is none. */
  listField?(split: Split): string
  /** Whether there are pictures for each split. Default: where there is a list for each. */
  hasSplits?(options: z.infer<Schema>): boolean
  /** Whether there can be pixel labels to evaluate with. Default: yes. */
  hasPixelLabels?(options: z.infer<Schema>): boolean
  /**
   * The options for a folder of this kind; undefined for any other folder.
   * @param files what a command names besides the folder
   */
  detect(folder: string, split: Split, files?: { labels?: string }): Promise<z.input<Schema> | undefined>
  /** The options for a file that is a whole data set; undefined for any other file. Default: no file is. */
  detectFile?(file: string): z.input<Schema> | undefined
  open(options: z.infer<Schema>, split: Split): Promise<Dataset>
  /** The same pictures for callers that bring labels of their own. Default: as `open`, whose labels are then dropped. */
  openUnlabelled?(options: z.infer<Schema>, classes: ClassTable, split: Split): Promise<Dataset>
}

/** Names a kind with all its types. */
export function datasetKind<const Kind extends string, Schema extends z.ZodObject>(
  definition: DatasetKind<Kind, Schema>,
): DatasetKind<Kind, Schema> {
  return definition
}
