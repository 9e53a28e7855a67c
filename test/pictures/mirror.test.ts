import { expect, test } from '@jest/globals'
import { mirrorImage } from '../../lib/pictures/mirror.js'

test('left and right change places, row by row, colours stay together', async () => {
  const data = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  const { data: mirrored, ...size } = await mirrorImage({ data, width: 3, height: 2 })
  expect(size).toEqual({ width: 3, height: 2 })
  expect([...mirrored]).toEqual([7, 8, 9, 4, 5, 6, 1, 2, 3, 17, 18, 19, 14, 15, 16, 11, 12, 13])
  const twice = await mirrorImage({ data: mirrored, ...size })
  expect([...twice.data]).toEqual([...data])
})
