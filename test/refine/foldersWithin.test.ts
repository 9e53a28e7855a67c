import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { refineMasks } from '../../lib/index.js'
import { inputsOfFolders } from '../../lib/refine/folders.js'
import { rejection } from '../config/refusal.js'
import { writeHalves } from './halves.js'

const temporary = () => mkdtemp(join(tmpdir(), 'semples-within-'))

/** Empty files, by path in a folder. */
async function filesIn(root: string, ...paths: string[]) {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), '')
  }
}

async function pairsOf(pictures: string[], files: string[]) {
  const root = await temporary()
  const [images, cams] = [join(root, 'photos'), join(root, 'maps')]
  await filesIn(images, ...pictures)
  await filesIn(cams, ...files)
  const inputs = await inputsOfFolders({ images, cams })
  return inputs.map(({ name, image, failure }) => [
    name,
    failure === undefined ? (image as string).slice(images.length + 1) : failure.code,
  ])
}

test.each([
  [
    'by path',
    ['boat/1.jpg', 'cat/1.jpg'],
    ['boat/1.npy', 'cat/1.png'],
    [
      ['boat/1', 'boat/1.jpg'],
      ['cat/1', 'cat/1.jpg'],
    ],
  ],
  [
    'maps flat, pictures in folders',
    ['boat/1.jpg', 'cat/2.jpg'],
    ['1.npy', '2.npy'],
    [
      ['1', 'boat/1.jpg'],
      ['2', 'cat/2.jpg'],
    ],
  ],
  [
    'pictures flat, maps in folders',
    ['1.jpg', '2.jpg'],
    ['boat/1.npy', 'cat/2.npy'],
    [
      ['boat/1', '1.jpg'],
      ['cat/2', '2.jpg'],
    ],
  ],
  ['folders of other names', ['train2014/a.jpg'], ['train/a.npz'], [['train/a', 'train2014/a.jpg']]],
  ['a folder beside flat files', ['a.jpg', 'thumbs/a.jpg'], ['a.npy'], [['a', 'a.jpg']]],
  ['Unicode forms', ['caf\u00e9.jpg'], ['cafe\u0301.npy'], [['cafe\u0301', 'caf\u00e9.jpg']]],
  [
    'a name that is there twice',
    ['boat/1.jpg', 'cat/1.jpg', '2.jpg'],
    ['1.npy', '2.npy'],
    [
      ['1', 'SEMPLES_NAME_INVALID'],
      ['2', '2.jpg'],
    ],
  ],
  [
    // Never the boat for the cat.
    'a picture of another folder',
    ['boat/1.jpg'],
    ['boat/1.npy', 'cat/1.npy'],
    [
      ['boat/1', 'boat/1.jpg'],
      ['cat/1', 'SEMPLES_PICTURE_MISSING'],
    ],
  ],
  ['what refine made within', ['a.jpg'], ['a.npy', 'refined/a.png', 'refined/refine.json'], [['a', 'a.jpg']]],
])('pairs %s', async (_, pictures, files, expected) => {
  expect(await pairsOf(pictures, files)).toEqual(expected)
})

test('masks among the pictures are none of them', async () => {
  const images = await temporary()
  await filesIn(images, 'photos/a.jpg', 'maps/a.png', 'masks/a.png', 'masks/masks.json')
  const inputs = await inputsOfFolders({ images, cams: join(images, 'maps') })
  expect(inputs).toMatchObject([{ name: 'a', image: join(images, 'photos/a.jpg'), failure: undefined }])
})

test('masks of pictures in folders within lie in such folders, and are kept', async () => {
  const root = await temporary()
  const where = { images: join(root, 'photos'), cams: join(root, 'cams'), out: join(root, 'out') }
  for (const kind of ['boat', 'cat']) {
    await mkdir(join(where.images, kind), { recursive: true })
    await mkdir(join(where.cams, kind), { recursive: true })
    await writeHalves(join(where.images, kind), join(where.cams, kind), ['1', '2'])
  }
  expect(await refineMasks(where).finished).toMatchObject({ refined: 4, failed: [] })
  expect((await readdir(where.out, { recursive: true })).toSorted()).toEqual(
    ['.semples-files', 'boat', 'boat/1.png', 'boat/2.png', 'cat', 'cat/1.png', 'cat/2.png', 'refine.json'].toSorted(),
  )
  await rm(join(where.out, 'cat/2.png'))
  expect(await refineMasks(where).finished).toMatchObject({ refined: 1, skipped: 3 })
  // In the folder of the masks within which the inputs lie, nothing is replaced.
  await writeFile(join(where.out, 'cat/1.png'), 'precious')
  await rm(join(where.out, '.semples-files'))
  expect(await rejection(refineMasks(where).finished)).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
})

test('folders that do not belong together are one error, which says what lies where', async () => {
  const root = await temporary()
  const [images, cams] = [join(root, 'photos'), join(root, 'maps')]
  await filesIn(images, 'a.jpg', 'b.jpg')
  await filesIn(cams, 'a_cam.npy', 'b_cam.npy')
  const error = await rejection(inputsOfFolders({ images, cams }))
  expect(error).toMatchObject({ code: 'SEMPLES_PICTURE_MISSING', field: 'images' })
  expect(error.message).toContain('2 files (a_cam.npy, b_cam.npy), and 2 pictures (a.jpg, b.jpg)')
  expect(error.message).toContain('--images DIR --cams DIR')

  const exchanged = await rejection(inputsOfFolders({ images: cams, cams: images }))
  expect(exchanged.code).toBe('SEMPLES_NO_PICTURES')
  await filesIn(images, 'c.png')
  const swapped = await rejection(inputsOfFolders({ images: cams, cams: images }))
  expect([swapped.code, swapped.field]).toEqual(['SEMPLES_NO_PICTURES', 'images'])
  expect(swapped.message).toContain(`--images ${images} --cams ${cams}`)

  const empty = await temporary()
  const nothing = await rejection(inputsOfFolders({ images: empty, cams }))
  expect([nothing.code, nothing.field]).toEqual(['SEMPLES_NO_PICTURES', 'images'])
  expect(nothing.message).toContain('it is empty')
})

test.each(['images', 'cams'] as const)('a file for --%s is refused with the folder to type', async (field) => {
  const root = await temporary()
  const folders = { images: join(root, 'photos'), cams: join(root, 'maps') }
  await filesIn(folders.images, 'a.jpg')
  await filesIn(folders.cams, 'a.png')
  const file = join(folders[field], field === 'images' ? 'a.jpg' : 'a.png')
  const error = await rejection(inputsOfFolders({ ...folders, [field]: file }))
  expect(error).toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE', field, file })
  expect(error.message).toContain(`--${field} ${folders[field]}`)
})
