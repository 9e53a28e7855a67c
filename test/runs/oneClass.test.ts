import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { readMask } from '../../lib/masks/png.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeScenes } from '../../lib/scenes/write.js'
import { describeNative } from '../native/models.js'
import { metricsOf, temporaryFolder } from './tiny.js'

describeNative('R60: data of one class', () => {
  let root: string
  beforeAll(async () => {
    root = await temporaryFolder()
  })

  /** 16 drawn scenes: those with a cow are cracked, of the others as many as are wanted. */
  async function data(name: string, cracked: number, without: number): Promise<string> {
    const scenes = join(root, `${name}-scenes`)
    await writeScenes({ out: scenes, train: 120, val: 0, seed: 3 })
    const rows = (await readFile(join(scenes, 'train.csv'), 'utf8')).trim().split('\n').slice(1)
    const folder = join(root, name)
    const move = async (to: string, files: string[]) => {
      await mkdir(join(folder, to), { recursive: true })
      for (const file of files) await rename(join(scenes, 'JPEGImages', file), join(folder, to, file))
      return files.length
    }
    const files = (shows: boolean) =>
      rows.filter((row) => row.includes('cow') === shows).map((row) => row.split(',')[0]!)
    expect(await move('crack', files(true).slice(0, cracked))).toBe(cracked)
    if (without > 0) expect(await move('_background', files(false).slice(0, without))).toBe(without)
    return folder
  }

  test.each<[string, number, number, boolean]>([
    ['8 pictures with it, 8 without', 8, 8, false],
    ['16 with it, none without', 16, 0, true],
  ])(
    '%s: masks are neither all 0 nor all 1',
    async (name, cracked, without, warned) => {
      const folder = await data(name.slice(0, 2).trim(), cracked, without)
      const run = join(root, `run-${cracked}`)
      const { warnings } = await trainSemPLeS({
        preset: 'demo',
        data: { folder },
        out: run,
        device: 'cpu',
        threads: 1,
        seed: 1,
      })
      expect(warnings.some((text) => /nothing tells it from the rest/.test(text))).toBe(warned)
      expect(warnings.join()).not.toMatch(/left out of training/)
      // Pictures without the class are steps of classification; the others leave them out.
      const steps = (stage: string) =>
        metricsOf(run).then((all) => all.filter((row) => row.stage === stage && row.epoch === 1))
      expect([(await steps('classify')).length, (await steps('match')).length]).toEqual([2, cracked / 8])
      const out = join(root, `masks-${cracked}`)
      await generateMasks({ run, out })
      const shares: number[] = []
      for (const file of await readdir(out)) {
        if (!file.endsWith('.png')) continue
        const { data: ids } = await readMask(join(out, file))
        shares.push(ids.filter((id) => id === 1).length / ids.length)
      }
      expect(shares).toHaveLength(cracked + without)
      const shown = shares.filter((share) => share > 0)
      expect(shown.length).toBeGreaterThan(cracked / 2)
      expect(shown.filter((share) => share < 1).length).toBe(shown.length)
    },
    120_000,
  )
})
