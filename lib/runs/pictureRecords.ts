import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { JsonlLog, readJsonl } from '../formats/jsonl.js'

/**
 * What is recorded of each picture as it is finished: while others are not, in a log of lines; at the end in the summary of
 * the folder, which replaces the log.
 */
export class PictureRecords<T> {
  private readonly found = new Map<string, T>()
  private log: JsonlLog | undefined

  private constructor(
    private readonly file: string,
    private readonly field: string,
  ) {}

  /**
   * @param names the log in `folder`, and the field of a record in it
   * @param before what the summary of finished pictures has; undefined where nothing that was recorded is kept
   */
  static async open<T>(
    folder: string,
    names: { log: string; field: string },
    before: Readonly<Record<string, unknown>> | undefined,
  ): Promise<PictureRecords<T>> {
    const records = new PictureRecords<T>(join(folder, names.log), names.field)
    records.addAll(before)
    if (before !== undefined)
      for (const { id, [names.field]: value } of await readJsonl(records.file))
        records.found.set(String(id), value as T)
    records.log = await JsonlLog.open(records.file, () => before !== undefined)
    return records
  }

  /** Adds what a summary has of pictures. */
  private addAll(before: Readonly<Record<string, unknown>> = {}): void {
    for (const [id, value] of Object.entries(before)) this.found.set(id, value as T)
  }

  has(id: string): boolean {
    return this.found.has(id)
  }

  get(id: string): T | undefined {
    return this.found.get(id)
  }

  /** All of them, by picture. */
  all(): Record<string, T> {
    return Object.fromEntries(this.found)
  }

  async add(id: string, value: T): Promise<void> {
    this.found.set(id, value)
    await this.log?.append({ id, [this.field]: value })
  }

  async close(): Promise<void> {
    await this.log?.close()
    this.log = undefined
  }

  /** Removes the log, once the summary has what it says. */
  async removeLog(): Promise<void> {
    await this.close()
    await rm(this.file, { force: true })
  }
}
