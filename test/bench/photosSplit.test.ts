import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { needs } from '../support/needs.js'

/** File names of a table behind its line of titles. */
const namesIn = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(',')[0]!)

needs('build').describe('photographs in three thirds', () => {
  let folder: string
  const names = Array.from({ length: 20 }, (_, index) => `${index}.jpg`)
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semples-split-'))
    await writeFile(join(folder, 'labels.csv'), `file,labels\n${names.map((name) => `${name},cow`).join('\n')}\n`)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function split(seed: number, third: number) {
    // What it imports is built.
    const { splitPhotographs } = await import('../../bench/photos/split.mjs')
    const out = join(folder, `${seed}-${third}`)
    const parts = await splitPhotographs(folder, { seed, third }, out)
    const [train, judge] = await Promise.all(['train.csv', 'judge.csv'].map((name) => namesIn(join(out, name))))
    return { ...parts, names: { train: train!, judge: judge! } }
  }
  const sorted = (all: string[]) => [...all].sort()

  test('each photograph is judged in one of them, and trained on in the two others', async () => {
    const thirds = await Promise.all([0, 1, 2].map((third) => split(14, third)))
    expect(sorted(thirds.flatMap((third) => third.names.judge))).toEqual(sorted(names))
    for (const third of thirds) expect(sorted([...third.names.train, ...third.names.judge])).toEqual(sorted(names))
    expect(thirds.map((third) => third.names.judge.length)).toEqual([7, 6, 7])
  })

  test('another seed, other thirds; the same seed, the same', async () => {
    const [one, again, other] = await Promise.all([split(1, 0), split(1, 0), split(2, 0)])
    expect(again.names).toEqual(one.names)
    expect(other.names.judge).not.toEqual(one.names.judge)
  })

  test('what is trained on names no masks', async () => {
    const { train, judge } = await split(14, 0)
    expect(JSON.stringify(train)).not.toContain('mask')
    expect(judge.masks).toBe(join(folder, 'masks'))
  })
})
