import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Random } from '../../lib/loader/random.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { writeMask } from '../../lib/masks/png.js'

/** A mask of rectangles and single pixels of the given values, from a seed. */
export function drawnMask(seed: number, values: readonly number[], largest = 40): LabelMap {
  const random = new Random('submission', seed)
  const [width, height] = [random.integer(1, largest), random.integer(1, largest)]
  const data = new Uint8Array(width * height).fill(random.pick(values))
  for (let shape = random.integer(0, 12); shape > 0; shape--) {
    const value = random.pick(values)
    const [left, top] = [random.integer(0, width - 1), random.integer(0, height - 1)]
    const [right, bottom] = [random.integer(left, width - 1), random.integer(top, height - 1)]
    for (let row = top; row <= bottom; row++) data.fill(value, row * width + left, row * width + right + 1)
  }
  for (let dot = random.integer(0, 9); dot > 0; dot--) data[random.integer(0, data.length - 1)] = random.pick(values)
  return { width, height, data }
}

/** Writes masks as `<id>.png`. */
export async function writeMasks(folder: string, masks: Readonly<Record<string, LabelMap>>): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const [id, mask] of Object.entries(masks)) await writeMask(join(folder, `${id}.png`), mask)
  return folder
}
