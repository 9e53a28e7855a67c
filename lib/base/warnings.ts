import { count } from './count.js'

interface Told {
  /** The picture of which it was said first, and what was seen in it. */
  first: string
  pictures: number
}

/** Warnings of many pictures: each sentence once, with the number of pictures that it is about. */
export class Warnings {
  private readonly told = new Map<string, Told>()

  /** @returns the sentences that were not there before */
  add(name: string, warnings: readonly { text: string; seen: string }[]): string[] {
    return warnings.flatMap(({ text, seen }) => {
      const before = this.told.get(text)
      if (before !== undefined) {
        before.pictures++
        return []
      }
      const first = `${name}: ${seen}`
      this.told.set(text, { first, pictures: 1 })
      return [`${text} (${first})`]
    })
  }

  list(): string[] {
    return [...this.told].map(([text, { first, pictures }]) =>
      pictures === 1 ? `${text} (${first})` : `${text} (${count(pictures, 'picture')}; ${first})`,
    )
  }
}
