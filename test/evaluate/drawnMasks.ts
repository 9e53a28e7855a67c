import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClassTable } from '../../lib/datasets/dataset.js'
import { Random } from '../../lib/loader/random.js'
import { type LabelMap, VOID_ID } from '../../lib/masks/labelMap.js'
import { writeMask } from '../../lib/masks/png.js'

export const drawnClasses: ClassTable = {
  name: 'drawn',
  classes: [3, 5, 20].map((id) => ({ id, label: `class ${id}`, prompt: `class ${id}`, color: [id, 2 * id, 3 * id] })),
}

/** A picture of rectangles of classes on background, some of them ignored. */
export function drawnMask(random: Random, width: number, height: number, labels: readonly number[]): LabelMap {
  const data = new Uint8Array(width * height)
  for (let i = 0; i < 6; i++) {
    const [x, y] = [random.integer(0, width - 1), random.integer(0, height - 1)]
    const [right, bottom] = [x + random.integer(0, width >> 1), y + random.integer(0, height >> 1)]
    const label = random.pick(labels)
    for (let row = y; row <= Math.min(bottom, height - 1); row++)
      data.fill(label, row * width + x, row * width + Math.min(right + 1, width))
  }
  return { width, height, data }
}

/** The same with some rectangles over it and some pixels changed. */
export function changedMask(random: Random, { width, height, data }: LabelMap, labels: readonly number[]): LabelMap {
  const over = drawnMask(random, width, height, [0, ...labels])
  const changed = data.map((label, i) => {
    if (label === VOID_ID) return random.pick(labels)
    return random.chance(0.02) ? random.pick(labels) : over.data[i] === labels[0] ? over.data[i]! : label
  })
  return { width, height, data: changed }
}

/** Pictures of several sizes as folders truth, masks and against, with classes.json; gives the names. */
export async function drawnFolders(folder: string, seed = 1): Promise<string[]> {
  const sizes: [number, number][] = [
    [53, 37],
    [40, 60],
    [100, 75],
    [1, 1],
    [17, 1],
    [2, 31],
    [160, 120],
  ]
  const ids = drawnClasses.classes.map(({ id }) => id)
  for (const [index, [width, height]] of sizes.entries()) {
    const random = new Random(seed, 'drawn', index)
    // Some pictures lack a class, as false positives need.
    const held = ids.filter((_, i) => i !== index % 4)
    const truth = drawnMask(random, width, height, [0, ...held, VOID_ID])
    await writeMask(join(folder, 'truth', `p${index}.png`), truth)
    await writeMask(join(folder, 'masks', `p${index}.png`), changedMask(random, truth, [...ids, VOID_ID]))
    await writeMask(join(folder, 'against', `p${index}.png`), changedMask(random, truth, [...ids].reverse()))
  }
  await writeFile(join(folder, 'classes.json'), JSON.stringify([0, ...ids]))
  return sizes.map((_, index) => `p${index}`)
}
