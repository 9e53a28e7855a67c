import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { elementsOfArrays, parseMembers } from '../../lib/datasets/coco/jsonArrays.js'
import { countsOfString, paintRuns, polygonRuns, runsArea, runsOfCounts } from '../../lib/datasets/coco/regions.js'

interface RegionCase {
  polygon: number[]
  compressed: { size: [number, number]; counts: string }
  uncompressed: { size: [number, number]; counts: number[] }
}

// Polygons and the masks pycocotools gives them: test/fixtures/coco/make.py.
const cases: RegionCase[] = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../fixtures/coco/regions.json'), 'utf8'),
)

describe('regions', () => {
  test('polygons fill the very pixels of the COCO API', () => {
    expect(cases.length).toBe(60)
    for (const { polygon, uncompressed } of cases) {
      const [height, width] = uncompressed.size
      const [ours, theirs] = [new Uint8Array(height * width), new Uint8Array(height * width)]
      paintRuns(ours, polygonRuns(polygon, height, width), 1, height, width)
      paintRuns(theirs, runsOfCounts(uncompressed.counts, height, width)!, 1, height, width)
      expect(ours).toEqual(theirs)
    }
  })

  test('compressed strings are decoded to their counts', () => {
    for (const { compressed, uncompressed } of cases) {
      expect(countsOfString(compressed.counts)).toEqual(uncompressed.counts)
    }
  })

  test('runs go down the columns', () => {
    const runs = runsOfCounts([1, 3, 2], 2, 3)!
    const map = new Uint8Array(6)
    paintRuns(map, runs, 9, 2, 3)
    expect(runsArea(runs)).toBe(3)
    // 2 rows, 3 columns: the first column's lower pixel and the whole second column.
    expect([...map]).toEqual([0, 9, 0, 9, 9, 0])
  })

  test('damaged encodings are told', () => {
    expect(runsOfCounts([1, 2], 2, 3)).toBeUndefined()
    expect(runsOfCounts([7, -1], 2, 3)).toBeUndefined()
    expect(runsOfCounts([1.5, 4.5], 2, 3)).toBeUndefined()
    expect(countsOfString('ab ')).toBeUndefined()
    expect(countsOfString('o')).toBeUndefined()
    expect(countsOfString('oooooooooooo0')).toBeUndefined()
  })
})

describe('elementsOfArrays', () => {
  const elements = (text: string) => {
    const bytes = Buffer.from(text)
    return [...elementsOfArrays(bytes)].map(({ key, start, end }) => [key, bytes.toString('utf8', start, end)])
  }

  test('finds what JSON.parse finds, whatever stands in strings and between', () => {
    const value = {
      'a"]\\': [1, 'two ] \\" }', { three: [[4], '{'] }, null, -5e-6, [], {}],
      skipped: { deep: [[1, 2], { x: '"' }] },
      empty: [],
      scalar: 7,
      ü: ['ß', true],
    }
    for (const indent of [undefined, 2, '\t']) {
      const found = elements(JSON.stringify(value, null, indent)).map(([key, text]) => [key, JSON.parse(text!)])
      const wanted = Object.entries(value).flatMap(([key, list]) =>
        Array.isArray(list) ? list.map((item): [string, unknown] => [key, item]) : [],
      )
      expect(found).toEqual(wanted)
    }
    expect(elements('\uFEFF{"a":[1]} ')).toEqual([['a', '1']])
  })

  test('refuses what is no JSON object, and every cut of one', () => {
    for (const text of [
      '',
      '[1]',
      'null',
      '{"a":[1,]}',
      '{"a":[1 2]}',
      '{"a" [1]}',
      '{a:[1]}',
      '{"a":[1]}}',
      '{"a":}',
    ]) {
      expect(() => elements(text)).toThrow()
    }
    const text = '{"a": [{"b": "c\\"}"}, [2]], "d": {"e": 1}}'
    for (let length = 0; length < text.length; length++) expect(() => elements(text.slice(0, length))).toThrow()
  })

  test('parseMembers parses only what is asked for', () => {
    const bytes = Buffer.from('[{"skip": [1, not json], "id": 5, "name": "x"}]')
    expect(parseMembers(bytes, 1, ['id', 'name', 'absent'])).toEqual({ id: 5, name: 'x' })
    expect(() => parseMembers(Buffer.from('{"id": nope}'), 0, ['id'])).toThrow(SyntaxError)
  })
})
