import { describe, expect, test } from '@jest/globals'
import { runInSlices } from '../../../lib/base/cooperative.js'
import { Random } from '../../../lib/loader/random.js'
import type { LabelMap } from '../../../lib/masks/labelMap.js'
import { componentSteps } from '../../../lib/masks/outlines/components.js'
import { withCuts } from '../../../lib/masks/outlines/cut.js'
import { runsByColumn, runsByRow } from '../../../lib/masks/outlines/runs.js'
import { simplified } from '../../../lib/masks/outlines/simplify.js'
import { outlineSteps, type Ring } from '../../../lib/masks/outlines/trace.js'

/** Rows of digits: class ids; `v` is void. */
function mask(...rows: string[]): LabelMap {
  const ids = rows.flatMap((row) => [...row].map((digit) => (digit === 'v' ? 255 : Number(digit))))
  return { width: rows[0]!.length, height: rows.length, data: Uint8Array.from(ids) }
}

async function outlined(map: LabelMap) {
  const { numbers, components } = await runInSlices(componentSteps(map))
  const outlines = await runInSlices(outlineSteps(numbers, map.width, () => true))
  return components.map((component, index) => ({
    component,
    outline: outlines.get(index + 1)!,
    isInside: (x: number, y: number) => numbers[y * map.width + x] === index + 1,
  }))
}

/** Gauss's formula: above 0 for clockwise lines, as y grows downwards. */
function areaOf(ring: Ring): number {
  let twice = 0
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length
    twice += ring[i]! * ring[next + 1]! - ring[next]! * ring[i + 1]!
  }
  return twice / 2
}

function noise(seed: number, classes: number): LabelMap {
  const random = new Random(seed, 'outlines')
  const [width, height] = [random.integer(1, 40), random.integer(1, 40)]
  const values = [0, 255, ...Array.from({ length: classes }, (_, index) => index + 1)]
  return { width, height, data: Uint8Array.from({ length: width * height }, () => random.pick(values)) }
}

describe('components', () => {
  test('pixels of a class that touch by a side or a corner; background and void are none', async () => {
    const { components } = await runInSlices(componentSteps(mask('10v01', '01022', '00022')))
    expect(components).toEqual([
      { classId: 1, area: 2, left: 0, top: 0, right: 2, bottom: 2 },
      { classId: 1, area: 1, left: 4, top: 0, right: 5, bottom: 1 },
      { classId: 2, area: 4, left: 3, top: 1, right: 5, bottom: 3 },
    ])
  })

  test('arms that meet late are one', async () => {
    const spiral = mask('1111111', '1000001', '1011101', '1010101', '1010001', '1011111', '1000000')
    const { components } = await runInSlices(componentSteps(spiral))
    expect(components.map(({ area }) => area)).toEqual([spiral.data.filter((id) => id === 1).length])
  })
})

describe('outlines', () => {
  test('of a pixel, of two that touch at a corner, and of a hole, which goes the other way', async () => {
    const [pixel] = await outlined(mask('1'))
    expect(pixel!.outline).toEqual({ outer: [0, 0, 1, 0, 1, 1, 0, 1], holes: [] })
    const [pair] = await outlined(mask('10', '01'))
    expect(pair!.outline).toEqual({ outer: [0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 1, 2, 1, 1, 0, 1], holes: [] })
    const [ring] = await outlined(mask('111', '101', '111'))
    expect(ring!.outline.holes).toEqual([[1, 2, 2, 2, 2, 1, 1, 1]])
  })

  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'enclose as much as their component has pixels: %d',
    async (seed) => {
      for (const { component, outline } of await outlined(noise(seed, 1 + (seed % 3)))) {
        expect(areaOf(outline.outer)).toBeGreaterThan(0)
        for (const hole of outline.holes) expect(areaOf(hole)).toBeLessThan(0)
        const all = [outline.outer, ...outline.holes].reduce((sum, ring) => sum + areaOf(ring), 0)
        expect(all).toBe(component.area)
        // A cut has no area.
        expect(areaOf(withCuts(outline))).toBe(component.area)
      }
    },
  )
})

describe('simpler outlines', () => {
  /** A disc of the diameter of the picture. */
  function disc(side: number): LabelMap {
    const inside = (i: number) =>
      Math.hypot((i % side) + 0.5 - side / 2, Math.floor(i / side) + 0.5 - side / 2) < side / 2
    return { width: side, height: side, data: Uint8Array.from({ length: side * side }, (_, i) => Number(inside(i))) }
  }

  test('have far fewer corners, and nearly the area', async () => {
    const [{ component, outline, isInside }] = (await outlined(disc(200))) as [Awaited<ReturnType<typeof outlined>>[0]]
    const { outer } = simplified(outline, component, isInside, 1)
    expect(outer.length).toBeLessThan(outline.outer.length / 7)
    expect(areaOf(outer) / component.area).toBeGreaterThan(0.98)
    expect(simplified(outline, component, isInside, 0)).toBe(outline)
  })

  test('do not lose what is thin or small', async () => {
    for (const rows of [['1'], ['1111111111'], ['1000', '0100', '0010', '0001'], ['0110', '1111', '0110']]) {
      const [{ component, outline, isInside }] = (await outlined(mask(...rows))) as [
        Awaited<ReturnType<typeof outlined>>[0],
      ]
      const simpler = simplified(outline, component, isInside, 50)
      expect(areaOf(simpler.outer)).toBeCloseTo(component.area, 0)
    }
  })
})

test('runs: by row in the box, by column in the whole picture, beginning with those outside', () => {
  const inside = (x: number, y: number) => (x === 1 && y > 0) || (x === 2 && y === 2)
  const box = { left: 1, top: 1, right: 3, bottom: 3 }
  expect(runsByRow(inside, box)).toEqual([0, 1, 1, 2])
  expect(runsByColumn(inside, box, 4, 4)).toEqual([5, 2, 3, 1, 5])
})
