import { type LabelMap, VOID_ID } from '../labelMap.js'

/** A connected part of the pixels of one class. Pixels that touch at a corner are connected. */
export interface Component {
  classId: number
  /** Pixels. */
  area: number
  /** First column and row, and those behind the last. */
  left: number
  top: number
  right: number
  bottom: number
}

export interface Components {
  /** One more than the index of the component that each pixel is in; 0 in background and void. */
  numbers: Int32Array
  /** In the order of their first pixels, row by row. */
  components: Component[]
}

/** Rows between two steps. */
const ROWS = 16

/**
 * The connected components of every class of a mask; background (0) and void (255) are none.
 * Two passes with a forest of equal numbers (Rosenfeld and Pfaltz 1966); a step every few rows.
 */
export function* componentSteps({ width, height, data }: LabelMap): Generator<undefined, Components> {
  const numbers = new Int32Array(width * height)
  // By provisional number: a smaller one that means the same component, or itself.
  const same = [0]
  const rootOf = (number: number): number => {
    let root = number
    while (same[root] !== root) root = same[root]!
    for (let at = number; at !== root; ) {
      const next = same[at]!
      same[at] = root
      at = next
    }
    return root
  }
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const classId = data[pixel]!
      if (classId === 0 || classId === VOID_ID) continue
      let number = 0
      const join = (neighbour: number): void => {
        if (data[neighbour] !== classId) return
        const root = rootOf(numbers[neighbour]!)
        if (number === 0) number = root
        else if (root < number) number = same[number] = root
        else same[root] = number
      }
      if (x > 0) join(pixel - 1)
      if (y > 0 && x > 0) join(pixel - width - 1)
      if (y > 0) join(pixel - width)
      if (y > 0 && x + 1 < width) join(pixel - width + 1)
      if (number === 0) {
        number = same.length
        same.push(number)
      }
      numbers[pixel] = number
    }
    if (y % ROWS === 0) yield
  }
  return yield* measured({ width, height, data }, numbers, rootOf)
}

/** Numbers in a row, and what each component measures. */
function* measured(
  { width, height, data }: LabelMap,
  numbers: Int32Array,
  rootOf: (number: number) => number,
): Generator<undefined, Components> {
  const final = new Map<number, number>()
  const components: Component[] = []
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (numbers[pixel] === 0) continue
      const root = rootOf(numbers[pixel]!)
      let number = final.get(root)
      if (number === undefined) {
        components.push({ classId: data[pixel]!, area: 0, left: x, top: y, right: x + 1, bottom: y + 1 })
        number = components.length
        final.set(root, number)
      }
      numbers[pixel] = number
      const component = components[number - 1]!
      component.area++
      component.bottom = y + 1
      if (x < component.left) component.left = x
      if (x >= component.right) component.right = x + 1
    }
    if (y % ROWS === 0) yield
  }
  return { numbers, components }
}
