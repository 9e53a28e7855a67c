import { describe, expect, test } from '@jest/globals'
import { boundaryIou, boundaryOf, boundaryWidth } from '../../lib/evaluate/boundary.js'
import { Random } from '../../lib/loader/random.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { changedMask, drawnMask } from './drawnMasks.js'

function filled(width: number, height: number, label = 1): LabelMap {
  return { width, height, data: new Uint8Array(width * height).fill(label) }
}

describe('the width of a boundary', () => {
  test.each([
    [500, 375, 0.02, 12], // a diagonal of 625 pixels, 12.5: halves to the even number, as Python rounds
    [300, 400, 0.02, 10],
    [75, 100, 0.02, 2],
    [45, 60, 0.02, 2],
    [3, 4, 0.02, 1],
    [1, 1, 0.02, 1],
  ])('%p by %p, %p of the diagonal: %p', (width, height, share, pixels) =>
    expect(boundaryWidth({ width, height }, share)).toBe(pixels),
  )
})

describe('the boundary of masks', () => {
  test.each([1, 2, 3, 5, 6, 20])('the rim of a picture of one class is boundary: width %p', (distance) => {
    const [width, height] = [13, 11]
    const inner = Math.max(0, width - 2 * distance) * Math.max(0, height - 2 * distance)
    const pixels = boundaryOf(filled(width, height), distance).reduce((sum, on) => sum + on, 0)
    expect(pixels).toBe(width * height - inner)
  })

  test('one pixel of another class has a square around it', () => {
    const map = filled(21, 21)
    map.data[10 * 21 + 10] = 2
    const boundary = boundaryOf(map, 2)
    const inside = (at: number) => at >= 2 && at < 19
    for (let y = 0; y < 21; y++)
      for (let x = 0; x < 21; x++) {
        const isNear = Math.max(Math.abs(x - 10), Math.abs(y - 10)) <= 2
        expect([x, y, boundary[y * 21 + x]]).toEqual([x, y, isNear || !inside(x) || !inside(y) ? 1 : 0])
      }
  })

  test('turning a picture turns its boundary', () => {
    const { width, height, data } = drawnMask(new Random(3, 'turned'), 31, 23, [0, 1, 2])
    const turned = Uint8Array.from(
      { length: data.length },
      (_, i) => data[(i % height) * width + Math.floor(i / height)]!,
    )
    for (const distance of [1, 3, 7]) {
      const plain = boundaryOf({ width, height, data }, distance)
      const other = boundaryOf({ width: height, height: width, data: turned }, distance)
      expect([...other]).toEqual([...other].map((_, i) => plain[(i % height) * width + Math.floor(i / height)]))
    }
  })
})

describe('boundary IoU', () => {
  const ids = [0, 1, 2]
  const ratio = (found: ReturnType<typeof boundaryIou>) =>
    found.classes.map((_, i) => found.intersections[i]! / found.unions[i]!)

  test('two squares of side 9, one shifted by a pixel, boundaries of one pixel', () => {
    const square = (left: number): LabelMap => {
      const map = filled(20, 20, 0)
      for (let y = 5; y < 14; y++) map.data.fill(1, y * 20 + left, y * 20 + left + 9)
      return map
    }
    const { classes, intersections, unions } = boundaryIou(square(6), square(5), ids, { share: 0.001 })
    // Each ring has 32 pixels. They share the 8 pixels of top and bottom each, and no column: the sides lie beside each other.
    expect([classes[1], intersections[1], unions[1]]).toEqual([1, 16, 48])
  })

  test('identical masks have 1, and a wide boundary is the IoU of the masks', () => {
    const truth = drawnMask(new Random(5, 'same'), 40, 30, [0, 1, 2, 255])
    expect(ratio(boundaryIou(truth, truth, ids)).every((iou) => iou === 1)).toBe(true)
    const mask = changedMask(new Random(6, 'same'), truth, [1, 2])
    const wide = boundaryIou(mask, truth, ids, { share: 0.99 })
    const expected = wide.classes.map((id) => {
      const both = truth.data.filter((label, i) => label === id && mask.data[i] === id).length
      return both / truth.data.filter((label, i) => label !== 255 && (label === id || mask.data[i] === id)).length
    })
    expect(ratio(wide)).toEqual(expected)
  })

  test('what is predicted on ignored pixels changes nothing', () => {
    const truth = drawnMask(new Random(7, 'void'), 40, 30, [0, 1, 2, 255])
    const mask = changedMask(new Random(8, 'void'), truth, [1, 2])
    const other = { ...mask, data: mask.data.map((label, i) => (truth.data[i] === 255 ? 0 : label)) }
    expect(truth.data).toContain(255)
    expect(boundaryIou(other, truth, ids)).toEqual(boundaryIou(mask, truth, ids))
  })

  test('a picture of ignored pixels alone has no class', () =>
    expect(boundaryIou(filled(4, 4), filled(4, 4, 255), ids).classes).toEqual([]))
})
