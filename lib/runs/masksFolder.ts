import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { writeAtomic, writeFailed, writeJsonAtomic } from '../base/atomic.js'
import { FolderLock, MASKS_LOCK } from '../base/folderLock.js'
import { makeFolders } from '../base/folders.js'
import { describeDifference, differingField, readRecord } from '../base/outputRecord.js'
import { isSameFolder, MadeFiles, outputExists } from '../base/outputs.js'
import type { DatasetItem } from '../datasets/dataset.js'
import { csvRow, pictureFile } from '../datasets/export/names.js'
import { PictureRecords } from './pictureRecords.js'
import { REVIEW_FILE, reviewCsv, worstFirst } from './review/reviewFile.js'
import type { MaskReview, MasksReview } from './review/types.js'

/** Scores of the predicted labels of a picture, 0 to 1, by label. */
export type PredictedLabels = Readonly<Record<string, number>>

export interface MasksFolderOptions {
  out: string
  /** What decides the masks; a folder holds those of one kind. */
  settings: Readonly<Record<string, unknown>>
  /** What else the summary says: it may be different from one call to the next. */
  facts: Readonly<Record<string, unknown>>
  /** Paths inside the folder of what is computed of a picture; its mask is finished where all of them are there. */
  filesOf(id: string): string[]
  /** Path inside the folder of the overlay, where one is wanted: it can be drawn from a finished mask. */
  overlayOf(id: string): string | undefined
  /** Paths inside the folder of all that can be asked for beside a mask. */
  besideOf(id: string): string[]
  /** Whether labels are predicted, which are recorded. */
  predicts: boolean
  /** Whether masks are reviewed, which is recorded. */
  reviews: boolean
  /** Make masks again that are there, whatever made them. */
  overwrite: boolean
}

const SUMMARY = 'masks.json'
const LABELS = 'labels.csv'
/** Predicted labels of the pictures that are done, while the others are not. */
const PREDICTIONS = 'predictions.jsonl'
/** Reviews of the masks that are done, while the others are not. */
const REVIEWS = 'review.jsonl'
const HINT = 'Choose another folder (out, --out), or make its masks again (overwrite, --overwrite).'

/** The folder of a run's masks: which of them are finished, and with which settings they were made. */
export class MasksFolder {
  private predicted: PictureRecords<PredictedLabels> | undefined
  private reviewed: PictureRecords<MaskReview> | undefined

  private constructor(
    private readonly made: MadeFiles,
    private readonly options: MasksFolderOptions,
    /** Masks that are there were made with these settings, and are kept. */
    private readonly resumes: boolean,
    /** What an earlier call says of the masks that are kept. */
    private readonly record: Readonly<Record<string, unknown>> | undefined,
    private readonly lock: FolderLock,
  ) {}

  /**
   * Takes the lock of the folder, and writes the settings into it.
   * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` for masks of other settings, and for files that no call made;
   *   `SEMPLES_RUN_LOCKED`
   */
  static async open(options: MasksFolderOptions, ids: readonly string[]): Promise<MasksFolder> {
    const path = resolve(options.out)
    await makeFolders(path).catch((cause: unknown) => {
      throw writeFailed(path, cause)
    })
    const lock = await FolderLock.take(path, MASKS_LOCK)
    try {
      return await MasksFolder.openLocked(options, ids, lock)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  private static async openLocked(
    options: MasksFolderOptions,
    ids: readonly string[],
    lock: FolderLock,
  ): Promise<MasksFolder> {
    const { settings, facts, overwrite, predicts, reviews, filesOf, overlayOf } = options
    const path = resolve(options.out)
    const made = await MadeFiles.open(path, 'masks')
    const own = [SUMMARY, ...(predicts ? [LABELS, PREDICTIONS] : []), ...(reviews ? [REVIEW_FILE, REVIEWS] : [])]
    const wanted = ids.flatMap((id) => [...filesOf(id), overlayOf(id) ?? []].flat())
    if (!overwrite) await made.requireFree([...wanted, ...own], HINT)
    const record = await readRecord(join(path, SUMMARY))
    const differs = record === undefined ? undefined : differingField(record, settings)
    // Where no mask has come of other settings yet, there is nothing to mix with.
    const some = ids.some((id) => filesOf(id).some((name) => existsSync(join(path, name))))
    if (record !== undefined && differs !== undefined && some && !overwrite)
      throw outputExists(
        `The masks in ${path} were made with other settings: ${describeDifference(differs, record, settings)}.`,
        path,
        { hint: HINT },
      )
    const resumes = record !== undefined && differs === undefined && !overwrite
    const folder = new MasksFolder(made, options, resumes, resumes ? record : undefined, lock)
    await folder.noteFiles(own)
    if (!resumes) {
      await folder.removeStale([...ids.flatMap(options.besideOf), REVIEW_FILE, REVIEWS], wanted)
      await writeJsonAtomic(join(path, SUMMARY), { ...settings, ...facts })
    } else if (differingField(record, facts) !== undefined) {
      const { complete: _, ...before } = record
      await writeJsonAtomic(join(path, SUMMARY), { ...before, ...facts })
    }
    await folder.openRecords()
    return folder
  }

  /** Absolute path. */
  get path(): string {
    return this.made.folder
  }

  /** Whether the mask of a picture is finished, and with it the maps and the review where they are wanted. */
  isDone(id: string): boolean {
    return this.isWritten(id) && this.reviewed?.has(id) !== false
  }

  /** Whether its files are: they stay as they are, also where the mask is yet to be reviewed. */
  isWritten(id: string): boolean {
    const { filesOf } = this.options
    if (!this.resumes || this.predicted?.has(id) === false) return false
    return filesOf(id).every((name) => this.made.has(name) && existsSync(join(this.path, name)))
  }

  /** Whether the overlay of a finished mask is wanted and not there. */
  lacksOverlay(id: string): boolean {
    const name = this.options.overlayOf(id)
    return name !== undefined && !(this.made.has(name) && existsSync(join(this.path, name)))
  }

  /** Notes the files of a picture before they are written for the first time. */
  async begin(id: string): Promise<void> {
    const overlay = this.options.overlayOf(id)
    await this.noteFiles([...this.options.filesOf(id), ...(overlay === undefined ? [] : [overlay])])
  }

  /** Records the predicted labels of a picture, before its mask is written. */
  async recordLabels(id: string, labels: PredictedLabels): Promise<void> {
    await this.predicted?.add(id, labels)
  }

  /** Records the review of a mask, before it is written. */
  async recordReview(id: string, review: MaskReview): Promise<void> {
    await this.reviewed?.add(id, review)
  }

  /** The predicted labels of a picture. */
  labelsOf(id: string): PredictedLabels | undefined {
    return this.predicted?.get(id)
  }

  /** All of them, by picture. */
  allLabels(): Record<string, PredictedLabels> {
    return this.predicted?.all() ?? {}
  }

  /** Where reviews are recorded: their file, and all of them, the mask to look at first before the others. */
  review(): { review?: MasksReview } {
    if (this.reviewed === undefined) return {}
    return { review: { path: join(this.path, REVIEW_FILE), rows: worstFirst(Object.values(this.reviewed.all())) } }
  }

  /** Writes the summary; predicted labels also as a labels file, reviews as a table. */
  async finish(items: readonly DatasetItem[], result: Readonly<Record<string, unknown>>): Promise<void> {
    const { settings, facts } = this.options
    const records = [this.predicted, this.reviewed]
    for (const each of records) await each?.close()
    const predicted = this.predicted && { predicted: this.allLabels() }
    // Reviews of an earlier call are still those of the masks.
    const review = this.reviewed?.all() ?? this.record?.review
    const { review: reviewed } = this.review()
    if (predicted !== undefined) await writeAtomic(join(this.path, LABELS), labelsFile(items, predicted.predicted))
    if (reviewed !== undefined) await writeAtomic(reviewed.path, reviewCsv(reviewed.rows))
    await writeJsonAtomic(join(this.path, SUMMARY), { ...settings, ...facts, ...result, ...predicted, review })
    for (const each of records) await each?.removeLog()
  }

  async close(): Promise<void> {
    await this.predicted?.close()
    await this.reviewed?.close()
    await this.lock.release()
  }

  /** Maps and overlays of other settings, which a later call would take for those of the masks that are made now. */
  private async removeStale(names: readonly string[], wanted: readonly string[]): Promise<void> {
    const kept = new Set(wanted)
    for (const name of names)
      if (this.made.has(name) && !kept.has(name)) await rm(join(this.path, name), { force: true })
  }

  private async openRecords(): Promise<void> {
    const { path, record, resumes } = this
    const { predicts, reviews } = this.options
    const before = <T>(field: string) => (resumes ? ((record?.[field] ?? {}) as Record<string, T>) : undefined)
    if (predicts)
      this.predicted = await PictureRecords.open(path, { log: PREDICTIONS, field: 'labels' }, before('predicted'))
    if (reviews) this.reviewed = await PictureRecords.open(path, { log: REVIEWS, field: 'review' }, before('review'))
  }

  private async noteFiles(names: string[]): Promise<void> {
    await this.made.note(names).catch((cause: unknown) => {
      throw writeFailed(join(this.path, names.at(-1)!), cause)
    })
  }
}

/** The pictures without masks that an earlier call made within their folder. */
export async function withoutMasks(items: readonly DatasetItem[], out: string): Promise<DatasetItem[]> {
  const made = await MadeFiles.open(out, 'masks')
  return items.filter(({ image }) => !made.has(relative(made.folder, image).split(sep).join('/')))
}

/**
 * A mask beside its picture would be taken for another picture, if it does not replace it.
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS`
 */
export async function refuseAmongPictures(
  { items }: { items: readonly Pick<DatasetItem, 'id' | 'image'>[] },
  out: string,
): Promise<void> {
  const seen = new Set<string>()
  for (const { id, image } of items) {
    const [pictures, masks] = [dirname(image), dirname(join(out, id))]
    if (seen.has(`${pictures}\n${masks}`)) continue
    seen.add(`${pictures}\n${masks}`)
    if (await isSameFolder(pictures, masks))
      throw outputExists(`The masks would lie among the pictures that they are made of, in ${masks}.`, masks)
  }
}

/** `file,labels` as in a folder of one's own pictures. */
function labelsFile(items: readonly DatasetItem[], predicted: Readonly<Record<string, PredictedLabels>>): string {
  const rows = items.map((item) => csvRow(pictureFile(item), Object.keys(predicted[item.id] ?? {})))
  return ['file,labels', ...rows, ''].join('\n')
}
