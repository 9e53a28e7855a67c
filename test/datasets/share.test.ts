import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { folder } from '../../lib/datasets/folder.js'
import { detectData } from '../../lib/datasets/kinds.js'
import { hasSplits, openDataset, openUnlabelled } from '../../lib/datasets/open.js'
import { type DealtPicture, drawShare } from '../../lib/datasets/share.js'

/** Numbers in [0, 1) that a seed repeats. */
function numbers(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const root = mkdtempSync(join(tmpdir(), 'semples-share-'))
// Contents that pictures may have: texts of one length, so that sizes tell nothing.
const contents = Array.from({ length: 60 }, (_, index) => {
  const file = join(root, `content-${index}`)
  writeFileSync(file, `content ${String(index).padStart(3, '0')}`)
  return file
})

/** Pictures of up to 7 classes, 0 to 3 labels each; with `copies` some have the same content. */
function drawn(seed: number, copies: boolean): DealtPicture[] {
  const next = numbers(seed)
  const count = 2 + Math.floor(next() * 58)
  const classes = 1 + Math.floor(next() * 7)
  return Array.from({ length: count }, (_, index) => {
    const labels = new Set<number>()
    const wanted = Math.floor(next() * 4)
    for (let each = 0; each < wanted; each++) labels.add(Math.floor(next() ** 2 * classes))
    const content = copies && next() < 0.3 ? Math.floor(next() * index) : index
    return { name: `p${index}`, image: contents[content]!, labels: [...labels] }
  })
}

describe('N21: the share of pictures that is kept for evaluation', () => {
  test.each([false, true])('generated labels, copies %s: both sides have what they must', async (copies) => {
    for (let seed = 0; seed < 300; seed++) {
      const pictures = drawn(seed, copies)
      const share = 0.05 + 0.9 * numbers(seed + 7)()
      const kept = await drawShare(pictures, share, seed % 3)
      expect(kept).toHaveLength(pictures.length)
      // The same seed keeps the same ones, in whatever order they are listed.
      const next = numbers(seed)
      const order = pictures.map((_, index) => [next(), index] as const).sort(([a], [b]) => a - b)
      const shuffled = await drawShare(
        order.map(([, index]) => pictures[index]!),
        share,
        seed % 3,
      )
      expect(order.map(([, index]) => kept[index])).toEqual(shuffled)
      // One content is on one side.
      const sides = new Map<string, boolean>()
      for (const [index, { image }] of pictures.entries()) {
        expect([seed, image, sides.get(image) ?? kept[index]]).toEqual([seed, image, kept[index]])
        sides.set(image, kept[index]!)
      }
      for (let label = 0; label < 7; label++) {
        const mine = pictures.flatMap(({ labels }, index) => (labels.includes(label) ? [index] : []))
        if (mine.length === 0) continue
        const [evaluated, trained] = [mine.filter((index) => kept[index]), mine.filter((index) => !kept[index])]
        expect([seed, label, trained.length > 0]).toEqual([seed, label, true])
        const different = new Set(mine.map((index) => pictures[index]!.image)).size
        if (mine.length >= 5 && different >= 5) expect([seed, label, evaluated.length > 0]).toEqual([seed, label, true])
      }
    }
  })

  test('one label a picture: each class keeps its share to the nearest picture or the next', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const next = numbers(seed)
      const sizes = Array.from({ length: 1 + Math.floor(next() * 4) }, () => 5 + Math.floor(next() * 9))
      const pictures = sizes.flatMap((size, label) =>
        Array.from({ length: size }, (_, index) => ({ name: `${label}-${index}`, labels: [label] })),
      )
      const dealt = pictures.map((picture, index) => ({ ...picture, image: contents[index]! }))
      const share = 0.1 + 0.4 * next()
      const kept = await drawShare(dealt, share, 0)
      for (const [label, size] of sizes.entries()) {
        const mine = kept.filter((is, index) => is && dealt[index]!.labels[0] === label).length
        expect(Math.abs(mine - Math.max(1, share * size))).toBeLessThanOrEqual(1)
      }
      const total = kept.filter(Boolean).length
      expect(Math.abs(total - share * dealt.length)).toBeLessThanOrEqual(Math.max(1, sizes.length / 2))
    }
  })

  test('another seed keeps others', async () => {
    const pictures = drawn(5, false).map((picture) => ({ ...picture, labels: [0] }))
    const draws = await Promise.all([0, 1, 2].map((seed) => drawShare(pictures, 0.3, seed)))
    expect(new Set(draws.map((kept) => kept.join())).size).toBe(3)
  })

  describe('of a folder', () => {
    const photos = join(root, 'photos')
    for (const name of ['boat', 'bird', '_background']) mkdirSync(join(photos, name), { recursive: true })
    for (let index = 0; index < 30; index++)
      copyFileSync(contents[index]!, join(photos, ['boat', 'bird', '_background'][index % 3]!, `p${index}.jpg`))
    const ids = ({ items }: { items: readonly { id: string }[] }) => items.map(({ id }) => id)

    test('two parts of one class table that cover all and share nothing', async () => {
      const data = await detectData(photos, { val: 0.2 })
      expect([data, hasSplits(data), hasSplits({ folder: photos })]).toEqual([
        { folder: photos, val: 0.2 },
        true,
        false,
      ])
      const [all, train, val] = [
        await openDataset({ folder: photos }, 'train'),
        await openDataset(data, 'train'),
        await openDataset(data, 'val'),
      ]
      expect(val.items).toHaveLength(6)
      expect([...ids(train), ...ids(val)].sort()).toEqual(ids(all).sort())
      expect([train.classes, val.classes]).toEqual([all.classes, all.classes])
      for (const label of [0, 1]) expect(val.items.filter(({ labels }) => labels[0] === label)).toHaveLength(2)
      expect([train.name, val.name]).toEqual([
        `folder ${photos} (train part, val 0.2)`,
        `folder ${photos} (val part, val 0.2)`,
      ])
      expect(train.described).toMatch(/6 pictures kept for evaluation \(val 0\.2\), 24 to train on/)
      // Whoever brings labels of their own has the same pictures.
      expect(ids(await openUnlabelled(data, 'val', all.classes))).toEqual(ids(val))
      expect(ids(await openDataset({ ...data, valSeed: 1 } as never, 'val'))).not.toEqual(ids(val))
      expect(ids(await folder({ folder: photos, val: 0.2, split: 'val' }))).toEqual(ids(val))
    })

    test.each([
      [{ val: 0 }, 'val'],
      [{ val: 20 }, 'val'],
      [{ val: 1 }, 'val'],
      [{ val: '0.2' }, 'val'],
      [{ val: 0.2, valSeed: 0.5 }, 'valSeed'],
      [{ val: 0.2, split: 'test' }, 'split'],
    ])('%j is refused', async (options, field) => {
      const call = folder({ folder: photos, ...options } as never)
      await expect(call).rejects.toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field })
    })

    test('a folder that cannot be divided, and a class that is too rare', async () => {
      const few = join(root, 'few')
      mkdirSync(join(few, 'boat'), { recursive: true })
      copyFileSync(contents[0]!, join(few, 'boat', 'a.jpg'))
      await expect(folder({ folder: few, val: 0.5 })).rejects.toMatchObject({ field: 'val' })
      mkdirSync(join(few, 'cow'))
      for (const index of [1, 2, 3, 4, 5, 6]) copyFileSync(contents[index]!, join(few, 'cow', `${index}.jpg`))
      const { items, warnings } = await folder({ folder: few, val: 0.3, split: 'val' })
      expect([items.length, warnings?.join()]).toEqual([2, expect.stringMatching(/evaluation shows boat/)])
    })

    test('lists of its own need no share', async () => {
      const voc = join(root, 'voc')
      for (const name of ['ImageSets', 'JPEGImages']) mkdirSync(join(voc, name), { recursive: true })
      await expect(detectData(voc, { val: 0.2 })).rejects.toThrow(/--val has no use here.*lists of its own/)
    })
  })
})
