import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { imagenetClassesOf } from '../../lib/text/imagenetWords.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'

const root = join(import.meta.dirname, '../..')
const file = join(root, 'models/imagenet-words.json')

/** Inclusive ranges as a list. */
const span = (...ranges: [number, number][]) =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, offset) => first + offset))

describe('imagenetClassesOf', () => {
  // Known to whoever works with ImageNet: the order of ILSVRC 2012.
  test.each([
    ['tench', [0]],
    ['goldfish', [1]],
    ['great white shark', [2]],
    ['giant panda', [388]],
    ['goldfinch', [11]],
    ['golden retriever', [207]],
    ['tabby', [281]],
    ['zebra', [340]],
    ['bullet train', [466]],
    ['traffic light', [920]],
    ['daisy', [985]],
    ['toilet tissue', [999]],
  ])('%s is the name of class %j', (word, indices) => {
    expect(imagenetClassesOf(word)).toEqual({ indices, source: 'name' })
  })

  test.each([
    ['bird', span([7, 24], [80, 100], [127, 146])],
    ['dog', span([151, 268])],
    ['domestic cat', span([281, 285])],
    ['snake', span([52, 68])],
    ['bear', span([294, 297])],
    ['monkey', span([370, 382])],
    ['horse', [339]],
    ['bicycle', [444, 671]],
    ['sofa', [831]],
  ])('%s stands above its classes', (word, indices) => {
    expect(imagenetClassesOf(word)).toEqual({ indices, source: 'wordnet' })
  })

  test('a word with several meanings has the most frequent one that shows in ImageNet', () => {
    // A train is also a trailing skirt, a chair also a chairman, a car also that of a train or a lift.
    const chairs = imagenetClassesOf('chair')?.indices
    expect(chairs).toEqual(expect.arrayContaining([423, 559, 765]))
    expect(imagenetClassesOf('car')?.indices).toEqual(expect.arrayContaining([407, 436, 468, 511, 656, 817]))
    expect(imagenetClassesOf('car')?.indices).not.toContain(705)
    expect(imagenetClassesOf('computer mouse')?.indices).toEqual([673])
  })

  test.each(['dining table', 'diningtable', 'Dining-Table', 'dining_table'])(
    '%s is found however it is spelt',
    (word) => {
      expect(imagenetClassesOf(word)?.indices).toEqual([532])
    },
  )

  test('words of the field that WordNet does not lead to come from our list', () => {
    for (const word of ['cow', 'tvmonitor', 'tv monitor', 'potted plant', 'aeroplane', 'book']) {
      expect({ word, source: imagenetClassesOf(word)?.source }).toEqual({ word, source: 'alias' })
    }
    expect(imagenetClassesOf('tvmonitor')?.indices).toEqual(expect.arrayContaining([664, 851]))
  })

  test.each(['sky', 'grass', 'qwertz', '', '-', 'constructor', '__proto__', 'entity'])('%j leads to none', (word) => {
    expect(imagenetClassesOf(word)).toBeUndefined()
  })
})

describe('the table', () => {
  const table = JSON.parse(readFileSync(file, 'utf8'))

  test('has 1,000 classes with their synsets, source and licence, and is small', () => {
    expect(table.classes).toHaveLength(1000)
    expect(new Set(table.classes.map(([synset]: string[]) => synset)).size).toBe(1000)
    expect(table.classes[0]).toEqual(['n01440764', 'tench', 'Tinca tinca'])
    expect(table.licence.join(' ')).toContain('WordNet 3.0 Copyright 2006 by Princeton University')
    expect(table.source).toContain('WordNet 3.0')
    expect(readFileSync(file).length).toBeLessThan(150_000)
  })

  test('every name of a class leads somewhere, mostly to that class', () => {
    const lost: string[] = []
    let own = 0
    let all = 0
    table.classes.forEach(([, ...names]: string[], index: number) => {
      for (const name of names) {
        const found = imagenetClassesOf(name)
        if (!found) lost.push(name)
        own += Number(found?.indices.includes(index))
        all += 1
      }
    })
    expect(lost).toEqual([])
    // "Crane" is a bird and a machine, "maillot" two garments: one of them is the more frequent.
    expect(own / all).toBeGreaterThan(0.98)
  })

  needs('python').test('Python finds what TypeScript finds', async () => {
    const names = table.classes.flatMap(([, ...own]: string[]) => own)
    const spelt = ['Dining-Table', 'TV monitor', 'hot dog', 'sky', '', 'entity', 'constructor']
    const words = [...Object.keys(table.words), ...Object.keys(table.aliases), ...names, ...spelt]
    const answer = JSON.parse(await runScript('test/text/imagenet_words.py', JSON.stringify(words)))
    expect(words.map((word) => imagenetClassesOf(word) ?? null)).toEqual(answer)
  })
})
