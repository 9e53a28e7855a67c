import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import { readReview } from '../../../lib/runs/review/readReview.js'
import { reviewCsv, worstFirst } from '../../../lib/runs/review/reviewFile.js'
import { temporaryFolder } from '../tiny.js'

const review = (picture: string, score?: number) => ({ picture, score, foreground: 0.5 })

test('the lowest score first, then by name; those without a score at the end', () => {
  const rows = [
    review('none'),
    review('b', 0.5),
    review('worst', 0),
    review('a', 0.5),
    review('best', 1),
    review('bare'),
  ]
  const order = worstFirst(rows).map(({ picture }) => picture)
  expect(order).toEqual(['worst', 'a', 'b', 'best', 'bare', 'none'])
  expect(rows[0]!.picture).toBe('none')
})

describe('review.csv', () => {
  const odd = [
    'plain.jpg',
    'a,b.jpg',
    'say "hi".jpg',
    ' blanks .jpg',
    'two\nlines.jpg',
    'Größe/猫.png',
    "it's;here.jpg",
  ]

  test('has its columns, and empty cells for what there is not', () => {
    const all = { scales: 0.25, mirror: 0.5, refined: 0.75, classScore: 0.9, worstClass: 'boat, old' }
    expect(reviewCsv([{ ...review('a.jpg', 0.5), ...all }, review('b.jpg')])).toBe(
      'picture,score,scales,mirror,refined,class score,foreground,worst class\n' +
        'a.jpg,0.5,0.25,0.5,0.75,0.9,0.5,"boat, old"\n' +
        'b.jpg,,,,,,0.5,\n',
    )
  })

  test('another reader finds odd file names as they are', () => {
    const records: string[][] = parse(reviewCsv(odd.map((name, index) => review(name, index / 10))))
    expect(records.slice(1).map(([picture]) => picture)).toEqual(odd)
  })

  describe('is read again', () => {
    let root: string
    beforeAll(async () => {
      root = await temporaryFolder()
    })
    const written = async (name: string, text: string) => {
      await mkdir(join(root, name))
      await writeFile(join(root, name, 'review.csv'), text)
      return join(root, name, 'review.csv')
    }

    test('from the file or its folder, also as spreadsheets save it: byte order mark, other line ends, other columns', async () => {
      const rows = [
        ...odd.map((picture, index) => ({ picture, score: index / 10 })),
        { picture: 'x', score: undefined },
      ]
      const file = await written('odd', reviewCsv(rows.map(({ picture, score }) => review(picture, score))))
      expect(await readReview(file)).toEqual(rows)
      expect(await readReview(join(root, 'odd'))).toEqual(rows)
      const saved = await written('saved', '\uFEFFscore,picture,done\r\n0.25,a.jpg,yes\r\n,b.jpg,no\r\n')
      expect(await readReview(saved)).toEqual([
        { picture: 'a.jpg', score: 0.25 },
        { picture: 'b.jpg', score: undefined },
      ])
    })

    test.each<[string, string, RegExp, unknown]>([
      ['labels', 'file,labels\na.jpg,boat\n', /no column "picture"/, 'file,labels'],
      ['scoreless', 'picture,labels\na.jpg,boat\n', /no column "score"/, 'picture,labels'],
      ['percent', 'picture,score\na.jpg,0.5\nb.jpg,45\n', /score that is none in row 3/, '45'],
      ['words', 'picture,score\na.jpg,low\n', /score that is none in row 2/, 'low'],
      ['empty', '', /no column "picture"/, undefined],
      ['broken', 'picture,score\n"a.jpg,0.5\n', /not a readable CSV/, undefined],
      ['short', 'picture,score\na.jpg\n', /not a readable CSV/, undefined],
    ])('%s is refused', async (name, text, message, value) => {
      const file = await written(name, text)
      await expect(readReview(file)).rejects.toMatchObject({
        code: 'SEMPLES_DATA_FILE_INVALID',
        ...{ file, field: 'review', value },
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/--review/),
      })
    })

    test('where there is none, that is said', async () => {
      await mkdir(join(root, 'bare'))
      for (const path of [join(root, 'bare'), join(root, 'nowhere.csv')])
        await expect(readReview(path)).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
    })
  })
})
