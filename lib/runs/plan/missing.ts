import { SemplesError } from '../../base/error.js'

/** Something that a training lacks, or that stands in its way. */
export interface MissingItem {
  /** Code of the error that training would throw (docs/errors.md). */
  code: string
  message: string
  /** The config field that it is about. */
  field?: string
  /** What to do. */
  remedy?: string
}

/** What stands in the way of a training, all of it. */
export class MissingList {
  readonly items: MissingItem[] = []

  /** Runs a check; its error goes into the list, and undefined comes back. Other errors than ours pass. */
  async of<T>(check: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await check()
    } catch (error) {
      this.add(error)
      return undefined
    }
  }

  /** @throws what is no `SemplesError` */
  add(error: unknown): void {
    if (!(error instanceof SemplesError)) throw error
    const { code, hint, message, field } = error
    const text = hint !== undefined && message.endsWith(hint) ? message.slice(0, -hint.length).trimEnd() : message
    if (this.items.some((item) => item.message === text)) return
    this.items.push({
      code,
      message: text,
      ...(field === undefined ? {} : { field }),
      ...(hint === undefined ? {} : { remedy: hint }),
    })
  }
}
