import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { readBytes } from '../base/files.js'

/** What is asked of a picture that is to be dealt to one of two sides. */
export interface DealtPicture {
  /** Decides, with the seed, its place in the draw. */
  name: string
  image: string
  labels: readonly (string | number)[]
}

/** Pictures of one content, which stay together. */
interface Group {
  members: number[]
  /** Labels of all of them; `''` where they have none. */
  labels: (string | number)[]
  order: string
}

/** A class with at least so many pictures is on both sides. */
const ON_BOTH_SIDES = 5

/**
 * Draws a share of pictures for evaluation. Both sides have each class in about the same proportion, pictures without a
 * label too; files of one content stay on one side; a class with 5 pictures or more is on both (unless they have one
 * content), and the last picture of a class is left to training. The draw depends on names, labels and seed, not on the
 * order of the pictures.
 *
 * @param share of the pictures, above 0 and below 1
 * @returns for each picture whether it is kept for evaluation
 */
export async function drawShare(pictures: readonly DealtPicture[], share: number, seed: number): Promise<boolean[]> {
  const groups = await groupsOf(pictures, seed)
  const draw = new Draw(groups, share)
  draw.cover()
  draw.take((group) => draw.change(group) < 0)
  draw.fill(Math.round(share * pictures.length))
  const kept = pictures.map(() => false)
  for (const group of draw.kept) for (const index of group.members) kept[index] = true
  return kept
}

interface Count {
  pictures: number
  groups: number
  /** Of them, those that are kept for evaluation. */
  kept: number
  keptGroups: number
}

class Draw {
  readonly kept = new Set<Group>()
  private readonly counts = new Map<string | number, Count>()
  private size = 0

  /** @param groups in the order of the draw */
  constructor(
    private readonly groups: readonly Group[],
    private readonly share: number,
  ) {
    for (const { labels, members } of groups)
      for (const label of labels) {
        const count = this.counts.get(label) ?? { pictures: 0, groups: 0, kept: 0, keptGroups: 0 }
        this.counts.set(label, count)
        count.pictures += members.length
        count.groups++
      }
  }

  /** Keeps a group of every class that has enough pictures, the rarest classes first. */
  cover(): void {
    const rarestFirst = [...this.counts]
      .filter(([, { pictures }]) => pictures >= ON_BOTH_SIDES)
      .sort(([one, a], [other, b]) => a.pictures - b.pictures || (String(one) < String(other) ? -1 : 1))
    for (const [label, count] of rarestFirst) {
      if (count.keptGroups > 0) continue
      const found = this.groups.filter((group) => group.labels.includes(label) && this.mayKeep(group))
      // Few copies and few other labels: what is kept beyond the share is least.
      const [best] = found.sort((a, b) => a.members.length - b.members.length || a.labels.length - b.labels.length)
      if (best !== undefined) this.keep(best)
    }
  }

  /** Keeps, in the order of the draw, what `wanted` says of. */
  take(wanted: (group: Group) => boolean): void {
    for (const group of this.groups) if (this.mayKeep(group) && wanted(group)) this.keep(group)
  }

  /** Keeps further groups, those first that bring the proportions nearest, until there are as many pictures. */
  fill(target: number): void {
    // Groups of the same labels and size are worth the same: the first of each kind stands for all.
    const kinds = new Map<string, Group[]>()
    for (const group of this.groups) {
      if (this.kept.has(group)) continue
      const kind = JSON.stringify([group.members.length, group.labels])
      kinds.set(kind, [...(kinds.get(kind) ?? []), group])
    }
    const queues = [...kinds.values()].map((queue) => queue.reverse())
    while (this.size < target) {
      let best: Group[] | undefined
      let least = Number.POSITIVE_INFINITY
      for (const queue of queues) {
        const group = queue.at(-1)
        if (group === undefined || group.members.length > 2 * (target - this.size) || !this.mayKeep(group)) continue
        const change = this.change(group)
        if (change < least) [best, least] = [queue, change]
      }
      const group = best?.pop()
      if (group === undefined) return
      this.keep(group)
    }
  }

  /** By how much keeping the group moves the classes away from their proportions: squared, by the size of each class. */
  change({ labels, members: { length } }: Group): number {
    let change = 0
    for (const label of labels) {
      const { pictures, kept } = this.counts.get(label)!
      const before = kept - this.share * pictures
      change += ((before + length) ** 2 - before ** 2) / pictures
    }
    return change
  }

  /** Whether every class of the group is left to training too. */
  private mayKeep(group: Group): boolean {
    if (this.kept.has(group)) return false
    return group.labels.every((label) => {
      const { groups, keptGroups } = this.counts.get(label)!
      return label === '' ? true : groups - keptGroups > 1
    })
  }

  private keep(group: Group): void {
    this.kept.add(group)
    this.size += group.members.length
    for (const label of group.labels) {
      const count = this.counts.get(label)!
      count.kept += group.members.length
      count.keptGroups++
    }
  }
}

/** Pictures of one content in groups, in the order of the draw. */
async function groupsOf(pictures: readonly DealtPicture[], seed: number): Promise<Group[]> {
  const groups = new Map<string, Group>()
  const contents = await contentsOf(pictures)
  for (const [index, { name, labels }] of pictures.entries()) {
    const order = createHash('sha256')
      .update(JSON.stringify([seed, name]))
      .digest('hex')
    const group = groups.get(contents[index]!) ?? { members: [], labels: [], order }
    groups.set(contents[index]!, group)
    group.members.push(index)
    group.labels.push(...labels)
    if (order < group.order) group.order = order
  }
  return [...groups.values()]
    .map((group) => {
      const labels = [...new Set(group.labels)].sort()
      return { ...group, labels: labels.length === 0 ? [''] : labels }
    })
    .sort((a, b) => (a.order < b.order ? -1 : 1))
}

/** The same text for pictures of one content. Only files of one size are read. */
async function contentsOf(pictures: readonly DealtPicture[]): Promise<string[]> {
  const sizes: string[] = []
  for (const { image } of pictures)
    sizes.push(
      await stat(image).then(
        ({ size }) => String(size),
        // Reading a file that is gone will say so better.
        () => image,
      ),
    )
  const seen = new Map<string, number>()
  for (const size of sizes) seen.set(size, (seen.get(size) ?? 0) + 1)
  const contents: string[] = []
  for (const [index, { image }] of pictures.entries()) {
    const size = sizes[index]!
    const alone = seen.get(size) === 1
    contents.push(alone ? `${size} ${index}` : await hashOf(image))
  }
  return contents
}

async function hashOf(image: string): Promise<string> {
  const bytes = await readBytes(image).catch(() => undefined)
  return bytes === undefined ? image : createHash('sha256').update(bytes).digest('hex')
}
