import { count } from './count.js'

interface Told {
  /** The picture whose name comes first, and what was seen in it. */
  example: { name: string; seen: string }
  pictures: number
}

/**
 * Warnings of many pictures: each sentence once, with the number of pictures that it is about.
 * The list is the same in whatever order the pictures were finished.
 */
export class Warnings {
  private readonly told = new Map<string, Told>()

  /** @returns the sentences that were not there before */
  add(name: string, warnings: readonly { text: string; seen: string }[]): string[] {
    return warnings.flatMap(({ text, seen }) => {
      const before = this.told.get(text)
      if (before !== undefined) {
        before.pictures++
        if (name < before.example.name) before.example = { name, seen }
        return []
      }
      this.told.set(text, { example: { name, seen }, pictures: 1 })
      return [`${text} (${name}: ${seen})`]
    })
  }

  list(): string[] {
    const inOrder = [...this.told].sort(
      ([text, { example }], [other, { example: next }]) => compare(example.name, next.name) || compare(text, other),
    )
    return inOrder.map(([text, { example, pictures }]) => {
      const about = pictures === 1 ? '' : `${count(pictures, 'picture')}; `
      return `${text} (${about}${example.name}: ${example.seen})`
    })
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
