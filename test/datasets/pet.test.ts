import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { detectData } from '../../lib/datasets/kinds.js'
import { openDataset } from '../../lib/datasets/open.js'
import { pet } from '../../lib/datasets/pet.js'
import { temporaryFiles } from './temporaryFiles.js'

const LIST = `#Image CLASS-ID SPECIES BREED ID
#ID: 1:37 Class ids
Abyssinian_100 1 1 1
american_bulldog_7 2 2 1
Abyssinian_2 1 1 1
`

/** A grey PNG of 3x2 pixels. */
function trimap(values: number[]): Promise<Buffer> {
  return sharp(Uint8Array.from(values), { raw: { width: 3, height: 2, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
}

async function files(changes: Record<string, string | Uint8Array | number> = {}): Promise<string> {
  return temporaryFiles({
    'images/Abyssinian_100.jpg': 1,
    'images/Abyssinian_2.jpg': 2,
    'images/american_bulldog_7.jpg': 3,
    'annotations/list.txt': LIST,
    'annotations/trainval.txt': 'Abyssinian_2 1 1 1\n',
    'annotations/trimaps/american_bulldog_7.png': await trimap([1, 2, 3, 2, 1, 2]),
    'annotations/trimaps/._american_bulldog_7.png': 'no picture',
    ...changes,
  })
}

describe('pet', () => {
  test('breeds are named as the pictures are, species are cat and dog', async () => {
    const root = await files()
    const breeds = await pet({ root })
    expect(breeds.classes.classes.map(({ id, label }) => [id, label])).toEqual([
      [1, 'Abyssinian'],
      [2, 'american bulldog'],
    ])
    expect(breeds.items.map(({ id, labels }) => [id, ...labels])).toEqual([
      ['Abyssinian_100', 0],
      ['american_bulldog_7', 1],
      ['Abyssinian_2', 0],
    ])
    const species = await pet({ root, labels: 'species' })
    expect(species.classes.classes.map(({ label }) => label)).toEqual(['cat', 'dog'])
    expect(species.items.map(({ labels }) => labels)).toEqual([[0], [1], [0]])
  })

  test('in a mask the animal has its class, background is 0, its border void', async () => {
    const { items, mask, hasMask } = await pet({ root: await files() })
    expect(items.slice(0, 2).map((item) => hasMask?.(item))).toEqual([false, true])
    expect(await mask(items[1]!)).toEqual({ width: 3, height: 2, data: Uint8Array.from([2, 0, 255, 0, 2, 0]) })
    expect(await mask(items[0]!)).toBeUndefined()
  })

  test('a part of the list has the classes of the whole', async () => {
    const { items, classes } = await pet({ root: await files(), list: 'trainval' })
    expect(items.map(({ id }) => id)).toEqual(['Abyssinian_2'])
    expect(classes.classes).toHaveLength(2)
  })

  test('is recognised by its folders, and opens by its short key', async () => {
    const root = await files()
    expect(await detectData(root)).toEqual({ pet: root })
    const open = async (split: 'train' | 'val') => (await openDataset({ pet: root }, split)).items.length
    // There is no test.txt: all pictures.
    expect([await open('train'), await open('val')]).toEqual([1, 3])
  })

  test.each([
    ['annotations/list.txt', 'Abyssinian_100 1 3 1\n', 'SEMPLES_DATA_FILE_INVALID'],
    ['annotations/list.txt', 'Abyssinian_100 0 1 1\n', 'SEMPLES_DATA_FILE_INVALID'],
    ['annotations/list.txt', 'a 1 1 1\na 1 1 1\n', 'SEMPLES_DATA_FILE_INVALID'],
    ['annotations/list.txt', '# nothing\n', 'SEMPLES_DATA_FILE_INVALID'],
    ['annotations/list.txt', '../secret 1 1 1\n', 'SEMPLES_DATA_FILE_INVALID'],
    ['annotations/list.txt', 'Bengal_1 1 1 1\n', 'SEMPLES_PICTURE_MISSING'],
  ])('%s with %j: %s', async (file, content, code) => {
    await expect(pet({ root: await files({ [file]: content }) })).rejects.toMatchObject({ code })
  })

  test('a mask that is no trimap, a folder that is not there', async () => {
    const root = await files({ 'annotations/trimaps/Abyssinian_2.png': await trimap([1, 2, 4, 2, 1, 2]) })
    const { items, mask } = await pet({ root })
    await expect(mask(items[2]!)).rejects.toMatchObject({ code: 'SEMPLES_MASK_INVALID', value: 4 })
    await expect(pet({ root: path.join(root, 'none') })).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
  })
})
