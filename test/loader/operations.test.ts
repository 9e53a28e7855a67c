import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from '@jest/globals'
import * as affine from '../../lib/loader/augment/affine.js'
import * as enhance from '../../lib/loader/augment/enhance.js'
import * as levels from '../../lib/loader/augment/levels.js'
import type { RawImage } from '../../lib/pictures/image.js'
import { noise } from './pictures.js'

const FILL = [124, 116, 104] as const

const operations: Record<string, (image: RawImage, argument: number) => RawImage> = {
  ...levels,
  ...enhance,
  ...Object.fromEntries(
    Object.entries(affine).map(([name, operation]) => [
      name,
      (image: RawImage, argument: number): RawImage => operation(image, argument, FILL),
    ]),
  ),
}

type Kind = [name: string, width: number, height: number]

interface OperationCase {
  operation: string
  argument: number
  kind: Kind
  /** CRC-32 of the bytes of Pillow's result. */
  crc: number
}

/** The pictures of `picture` in fixtures/pillow.py. */
function picture([name, width, height]: Kind): RawImage {
  const image = noise(width, height, name === 'noise' ? 8 : name === 'extreme' ? 7 : 6)
  if (name === 'narrow') image.data = image.data.map((value) => 90 + (value >> 3))
  if (name === 'constant') image.data = image.data.map((_, i) => [10, 200, 77][i % 3])
  if (name === 'dark') image.data = image.data.map((value) => (value > 40 ? 3 : value))
  return image
}

// Expected values: `python fixtures/pillow.py` with Pillow 13.0.0.
const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures', 'pillow-operations.json'), 'utf8'),
) as OperationCase[]

test.each([...new Set(cases.map(({ operation }) => operation))])('%s gives the bytes that Pillow gives', (name) => {
  const wrong: unknown[] = []
  const mine = cases.filter(({ operation }) => operation === name)
  for (const { argument, kind, crc } of mine) {
    const image = picture(kind)
    const before = crc32(image.data)
    const result = operations[name](image, argument)
    if (crc32(result.data) !== crc) wrong.push({ argument, kind })
    expect(crc32(image.data)).toBe(before)
    expect(result.data).not.toBe(image.data)
  }
  expect(wrong).toEqual([])
  expect(mine.length).toBeGreaterThanOrEqual(9)
})

test('the fixtures cover all fifteen operations', () => {
  expect(new Set(cases.map(({ operation }) => operation))).toEqual(new Set(Object.keys(operations)))
  expect(Object.keys(operations)).toHaveLength(15)
})
