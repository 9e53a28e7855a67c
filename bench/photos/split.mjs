// Photographs in three thirds by a seed: two to train on, one to judge by.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Random } from '../../dist/loader/random.js'

/**
 * Writes train.csv, judge.csv and train.txt of a folder (images/, masks/, labels.csv, classes.json) into `out`, and gives
 * both parts as the library takes data. The training part names no masks.
 *
 * @param third which one is judged: 0, 1 or 2
 */
export async function splitPhotographs(folder, { seed, third }, out) {
  const [header, ...rows] = (await readFile(join(folder, 'labels.csv'), 'utf8')).trim().split(/\r?\n/)
  const order = new Random(seed, 'photographs', 'split').permutation(rows.length)
  const shuffled = Array.from(order, (at) => rows[at])
  const [from, to] = [third, third + 1].map((cut) => Math.round((cut * rows.length) / 3))
  const parts = { train: shuffled.toSpliced(from, to - from), judge: shuffled.slice(from, to) }
  await mkdir(out, { recursive: true })
  for (const [name, part] of Object.entries(parts))
    await writeFile(join(out, `${name}.csv`), `${[header, ...part].join('\n')}\n`)
  const list = join(out, 'train.txt')
  await writeFile(list, `${parts.train.map((row) => row.slice(0, row.indexOf(','))).join('\n')}\n`)
  const data = (part) => ({
    kind: 'folder',
    folder: join(folder, 'images'),
    labels: join(out, `${part}.csv`),
    classes: join(folder, 'classes.json'),
  })
  return { train: data('train'), judge: { ...data('judge'), masks: join(folder, 'masks') }, list }
}

/** Whether a folder can be benched. */
export function isPhotographs(folder) {
  return ['images', 'masks', 'labels.csv', 'classes.json'].every((name) => existsSync(join(folder, name)))
}
