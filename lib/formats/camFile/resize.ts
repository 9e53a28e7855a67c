import type { ScoreMaps } from './scores.js'

interface Sides {
  height: number
  width: number
}

/**
 * Maps at the size of their picture, in steps: bilinear between the centres of pixels, without a filter where they become
 * smaller, as refinement does it in the addon (`torch.nn.functional.interpolate(..., mode='bilinear', align_corners=False)`).
 * Maps of that size are returned as they are.
 */
export function* resizeMaps(maps: ScoreMaps, { height, width }: Sides): Generator<undefined, ScoreMaps> {
  const { values, classes } = maps
  if (classes.length === 0 || (maps.height === height && maps.width === width)) return maps
  const [rows, columns] = [placesOf(maps.height, height), placesOf(maps.width, width)]
  const resized = new Float32Array(classes.length * height * width)
  for (let map = 0, to = 0; map < classes.length; map++) {
    for (let y = 0; y < height; y++) {
      const { before, after, share } = rows[y]!
      const [upper, lower] = [before, after].map((row) => (map * maps.height + row) * maps.width) as [number, number]
      for (const column of columns) {
        const above = mix(values[upper + column.before]!, values[upper + column.after]!, column.share)
        const below = mix(values[lower + column.before]!, values[lower + column.after]!, column.share)
        resized[to++] = mix(above, below, share)
      }
      yield
    }
  }
  return { values: resized, classes, height, width }
}

/** Between which two pixels of the smaller or larger side each pixel lies, and how far from the first. */
function placesOf(from: number, to: number): { before: number; after: number; share: number }[] {
  return Array.from({ length: to }, (_, index) => {
    const place = Math.max(0, ((index + 0.5) * from) / to - 0.5)
    const before = Math.min(from - 1, Math.floor(place))
    return { before, after: Math.min(from - 1, before + 1), share: place - before }
  })
}

/** A number beside one that is not finite stays what it is where the other has no share. */
function mix(first: number, second: number, share: number): number {
  return share === 0 ? first : (1 - share) * first + share * second
}
