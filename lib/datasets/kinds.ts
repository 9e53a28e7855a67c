import { existsSync, statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { oneOf } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { type FieldNote, fieldsOf } from '../base/fields.js'
import { isRecord, optionError } from '../base/optionError.js'
import { nearestField } from '../base/spelling.js'
import { requireFolder } from './folder/folderOptions.js'
import type { DatasetKind, Split } from './kind.js'
import { cocoKind } from './kinds/coco.js'
import { coco2014Kind } from './kinds/coco2014.js'
import { folderKind } from './kinds/folder.js'
import { petKind } from './kinds/pet.js'
import { voc2012Kind } from './kinds/voc2012.js'

/** Every kind of data set, in the order in which a folder is compared with them; a plain folder may be anything. */
export const datasetKinds = [cocoKind, coco2014Kind, petKind, voc2012Kind, folderKind] as const

type OptionsOf<K> = K extends DatasetKind<infer Name, infer Schema> ? { kind?: Name } & z.input<Schema> : never

/** Which pictures, with which labels: `{ folder, labels }`, `{ voc2012 }`, `{ coco2014 }`, `{ coco }`, `{ pet }`, each with its `kind` or without. */
export type DataSpec = OptionsOf<(typeof datasetKinds)[number]>

/** A kind and the options for it, which are known to fit each other. */
export interface OpenableData {
  kind: DatasetKind
  options: Record<string, unknown>
}

/**
 * The kind that options are for: the one that `kind` names, else the one whose short key they have.
 * @param where names the place of the options in errors: ` in config.json, line 3`
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function kindOfData(data: unknown, where = ''): DatasetKind {
  const kinds: readonly DatasetKind[] = datasetKinds
  const given = isRecord(data) ? data : {}
  const kind = kinds.find((each) =>
    given.kind === undefined ? given[each.kind] !== undefined : given.kind === each.kind,
  )
  if (kind !== undefined) return kind
  const names = kinds.map((each) => each.kind)
  const wrong = given.kind ?? Object.keys(given)[0]
  const nearest =
    wrong === undefined
      ? undefined
      : nearestField(
          `data.${wrong}`,
          names.map((name) => `data.${name}`),
        )
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The field data names no kind of data set${where}.`,
    field: 'data',
    value: data,
    expected: dataForms(),
    hint: nearest === undefined ? undefined : `Did you mean ${nearest}?`,
  })
}

/** `{ coco }, { coco2014 }, ... or { folder }`: what data may look like, for errors. */
export function dataForms(): string {
  return oneOf(datasetKinds.map(({ kind }) => `{ ${kind} }`))
}

/**
 * Checks the options of a data set and fills in its defaults.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`, `SEMPLES_CONFIG_UNKNOWN`
 */
export function resolveData(data: DataSpec): OpenableData {
  const kind = kindOfData(data)
  const { kind: _, ...given } = data
  const value = Object.fromEntries(Object.entries(given).filter(([, field]) => field !== undefined))
  const result = kind.schema.safeParse(value)
  if (result.success) return { kind, options: result.data }
  throw optionError(result.error, { value, notes: notesOf(kind.schema), noun: `option of ${kind.title}` })
}

function notesOf(schema: z.ZodType): Map<string, FieldNote> {
  return new Map([...fieldsOf(schema)].map(([field, { note }]) => [field, note]))
}

/** Files that a command names besides the folder. */
export interface DataFiles {
  labels?: string
  /** classes.json or the name of a table, of a folder of pictures. */
  classes?: string
  masks?: string
  /** Folder of the pictures, where the data are a file. */
  images?: string
  /** Whether the ground truth is of pictures turned by their EXIF orientation. */
  exif?: 'apply' | 'ignore'
  /** Share of the pictures that is kept for evaluation. */
  val?: number
  /** Which pictures, where the folder has a labels file for each split. Default `train`. */
  split?: Split
}

/**
 * Recognises a data set by its folders, or a file that is one; see `detect` and `detectFile` of each kind.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; `SEMPLES_OPTION_INVALID` for a file that this kind has no use for
 */
export async function detectData(folder: string, { split = 'train', ...files }: DataFiles = {}): Promise<DataSpec> {
  const given = Object.entries(files).filter(([, file]) => file !== undefined)
  const fitting = (kind: DatasetKind, options: object): DataSpec => {
    // The table that these data have anyway.
    const own = given.filter(([field, value]) => field !== 'classes' || !Object.hasOwn(kind.classTables ?? {}, value!))
    for (const [field] of own) if (!(field in kind.schema.shape)) throw useless(field, folder, kind)
    return { ...options, ...Object.fromEntries(own) } as DataSpec
  }
  if (existsSync(folder) && statSync(folder).isFile()) {
    for (const kind of datasetKinds as readonly DatasetKind[]) {
      const options = kind.detectFile?.(folder)
      if (options !== undefined) return fitting(kind, options)
    }
  }
  requireFolder(folder)
  for (const kind of datasetKinds as readonly DatasetKind[]) {
    const options = await kind.detect(folder, split, files)
    if (options !== undefined) return fitting(kind, options)
  }
  throw new Error('unreachable: a plain folder may be anything')
}

/**
 * Recognises data for a command with the option --split. A folder with files for each split has its split chosen by the
 * files that are taken; of others the split is given on.
 *
 * @param standard the split where none is given
 * @returns the data, and the split that is still to be chosen
 * @throws SemplesError as `detectData`
 */
export async function detectSplit(
  folder: string,
  { split, ...files }: DataFiles,
  standard: Split = 'train',
): Promise<{ data: DataSpec; split?: Split }> {
  const data = await detectData(folder, { ...files, split: split ?? standard })
  if (split === undefined) return { data }
  const other = await detectData(folder, { ...files, split: split === 'train' ? 'val' : 'train' })
  return isDeepStrictEqual(data, other) ? { data, split } : { data }
}

/** The data with another list of pictures for a split. */
export function withList(data: DataSpec, split: Split, list: string | undefined): DataSpec {
  if (list === undefined) return data
  const kind = kindOfData(data)
  if (kind.listField !== undefined) return { ...data, [kind.listField(split)]: list } as DataSpec
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `--list has no use here: in ${kind.title} the labels file says which pictures there are.`,
    hint: 'Give that with --labels FILE.',
  })
}

function useless(field: string, folder: string, { kind, title }: DatasetKind): SemplesError {
  const option = field === 'masks' ? '--ground-truth' : `--${field}`
  const because =
    field === 'exif'
      ? 'whose masks are of pictures as they are stored'
      : field === 'val'
        ? 'which has lists of its own for training and evaluation'
        : `which has its own (data.${kind})`
  return new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `${option} has no use here: ${folder} is ${title}, ${because}.`,
    hint: `Leave ${option} out, or name the folder of the pictures alone, to use them as a plain folder.`,
  })
}
