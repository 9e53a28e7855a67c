import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { VOID_ID } from '../../masks/labelMap.js'
import { type Component, componentSteps } from '../../masks/outlines/components.js'
import { type Box, runsByColumn, runsByRow } from '../../masks/outlines/runs.js'
import { simplified } from '../../masks/outlines/simplify.js'
import { type Outline, outlineSteps } from '../../masks/outlines/trace.js'
import type { AnnotatedObject } from './format.js'

export interface ObjectOptions {
  /** Labels by pixel value. */
  labels: ReadonlyMap<number, string>
  /** All components of a class in a picture are one object. */
  perClass: boolean
  /** Components of fewer pixels are left out. */
  minArea: number
  /** In pixels, how far a polygon may be from the edge of the mask. */
  tolerance: number
}

/** The objects of a mask, in the order of their first pixels, and how many components were too small. */
export function* objectSteps(
  mask: LabelMap,
  file: string,
  { labels, perClass, minArea, tolerance }: ObjectOptions,
): Generator<undefined, { objects: AnnotatedObject[]; small: number }> {
  refuseUnknown(mask, file, labels)
  const { width, height } = mask
  const { numbers, components } = yield* componentSteps(mask)
  const groups = new Map<number, number[]>()
  let small = 0
  components.forEach(({ area, classId }, index) => {
    const number = index + 1
    const key = perClass ? classId : -number
    if (area < minArea) small++
    else if (groups.has(key)) groups.get(key)!.push(number)
    else groups.set(key, [number])
  })
  const outlines = yield* outlineSteps(numbers, width, (number) => components[number - 1]!.area >= minArea)
  const objects: AnnotatedObject[] = []
  for (const members of groups.values()) {
    const parts = members.map((number) => components[number - 1]!)
    const set = new Set(members)
    const isInside = (x: number, y: number): boolean => set.has(numbers[y * width + x]!)
    const box = around(parts)
    const rings: Outline[] = []
    for (const number of members) {
      const isPart = (x: number, y: number): boolean => numbers[y * width + x] === number
      rings.push(simplified(outlines.get(number)!, components[number - 1]!, isPart, tolerance))
      yield
    }
    objects.push({
      classId: parts[0]!.classId,
      label: labels.get(parts[0]!.classId)!,
      area: parts.reduce((sum, { area }) => sum + area, 0),
      box,
      outlines: rings,
      rows: () => runsByRow(isInside, box),
      columns: () => runsByColumn(isInside, box, width, height),
    })
  }
  return { objects, small }
}

function around(parts: readonly Component[]): Box {
  return parts.reduce<Box>(
    (box, part) => ({
      left: Math.min(box.left, part.left),
      top: Math.min(box.top, part.top),
      right: Math.max(box.right, part.right),
      bottom: Math.max(box.bottom, part.bottom),
    }),
    parts[0]!,
  )
}

function refuseUnknown({ data }: LabelMap, file: string, labels: ReadonlyMap<number, string>): void {
  const counts = new Uint32Array(256)
  for (const id of data) counts[id]!++
  const unknown = counts.findIndex((pixels, id) => pixels > 0 && id !== 0 && id !== VOID_ID && !labels.has(id))
  if (unknown < 0) return
  throw new SemplesError('SEMPLES_MASK_CLASS', {
    message: `${file} has ${count(counts[unknown]!, 'pixel')} of the value ${unknown}, which is no class of the table.`,
    file,
    value: unknown,
    expected: `0, 255, or the id of a class: ${[...labels.keys()].slice(0, 20).join(', ')}${labels.size > 20 ? ', ...' : ''}`,
    hint: 'Give the table that the masks were made with (classes, --classes).',
  })
}
