import { appendFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import type { OnProgress, Progress } from '../../lib/base/progress.js'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import type { RunConfig } from '../../lib/config/types.js'
import { readMask } from '../../lib/masks/png.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { needs } from '../support/needs.js'
import { mountTinyDisk } from '../support/tinyDisk.js'
import { writeShapes } from './shapes.js'
import { filesOf, outcomeOf, temporaryFolder, tinyRun } from './tiny.js'
import { tinyClipArchive } from './tinyClip.js'

const DISK = 8192

needs('mount', 'python').describe('a full disk', () => {
  let root: string
  let data: RunConfig['data']
  let clip: string
  const train = (out: string, onProgress?: OnProgress) => trainSemPLeS({ ...tinyRun(data, out, { clip }), onProgress })
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    clip = await tinyClipArchive()
    await train(join(root, 'whole'))
  })

  /** A disk on which so many kilobytes are free until `free` is called. */
  const diskWith = async (kilobytes: number) => {
    const disk = mountTinyDisk(DISK)
    if (disk === undefined) throw new Error('A file system could be mounted a moment ago.')
    const filler = join(disk.path, 'filler')
    await writeFile(filler, new Uint8Array((DISK - kilobytes) * 1024))
    /** Takes what is left, to the last page. */
    const fill = () => {
      const page = new Uint8Array(4096)
      expect(() => {
        for (;;) appendFileSync(filler, page)
      }).toThrow('ENOSPC')
    }
    return { ...disk, fill, free: () => rm(filler) }
  }

  /** What training fails with; whatever it was, the run is whole, in no one's hands, and goes on when there is room. */
  const expectResumable = async (out: string, training: Promise<unknown>, free: () => Promise<void>) => {
    await expect(training).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
      file: expect.stringContaining(out),
      hint: expect.stringMatching(/disk is full/),
    })
    const run = await RunDirectory.open(out)
    for (const stage of Object.keys(run.manifest.stages)) await run.stage(stage).load('last')
    expect((await filesOf(out)).filter((name) => /\.tmp|lock/.test(name))).toEqual([])
    await free()
    await trainSemPLeS({ resume: out })
    expect(await outcomeOf(out)).toEqual(await outcomeOf(join(root, 'whole')))
  }

  // A checkpoint of classification takes 830 kilobytes, and the one before it stays until it is whole.
  test.each([
    ['first', 600, 0],
    ['second', 1300, 1],
  ])('at the %s checkpoint', async (_which, kilobytes, epochs) => {
    const disk = await diskWith(kilobytes)
    try {
      const out = join(disk.path, 'run')
      const training = train(out)
      await training.catch(() => undefined)
      expect((await (await RunDirectory.open(out)).stage('classify').load('last', []))?.epoch ?? 0).toBe(epochs)
      await expectResumable(out, training, disk.free)
    } finally {
      disk.remove()
    }
  })

  test.each(['match 1 1', 'prompt 1 2', 'guide 2 1'])('after step %s', async (moment) => {
    const disk = await diskWith(4096)
    try {
      const out = join(disk.path, 'run')
      const onProgress = ({ stage, epoch, step }: Progress) => {
        if (`${stage} ${epoch} ${step}` === moment) disk.fill()
      }
      await expectResumable(out, train(out, onProgress), disk.free)
    } finally {
      disk.remove()
    }
  })

  test.each([0, 4, 8, 12])(
    'before the run is made, with %i kilobytes: the folder stays empty, to be used when there is room',
    async (kilobytes) => {
      const disk = await diskWith(kilobytes)
      try {
        const out = join(disk.path, 'run')
        await expect(train(out)).rejects.toMatchObject({ code: 'SEMPLES_WRITE_FAILED' })
        expect(await filesOf(out)).toEqual([])
        await disk.free()
        await train(out)
        expect(await outcomeOf(out)).toEqual(await outcomeOf(join(root, 'whole')))
      } finally {
        disk.remove()
      }
    },
  )

  test('while masks are written leaves whole masks alone', async () => {
    const disk = await diskWith(64)
    try {
      const out = join(disk.path, 'masks')
      await expect(generateMasks({ run: join(root, 'whole'), out, cams: true })).rejects.toMatchObject({
        code: 'SEMPLES_WRITE_FAILED',
        file: expect.stringContaining(out),
      })
      const names = await filesOf(out)
      expect(names.length).toBeGreaterThan(0)
      for (const name of names) expect(name).toMatch(/^(p\d\d\.(png|npy)|masks\.json)$/)
      for (const name of names.filter((file) => file.endsWith('.png')))
        expect(await readMask(join(out, name))).toMatchObject({ width: 48, height: 40 })
      await disk.free()
      expect(await generateMasks({ run: join(root, 'whole'), out, cams: true })).toMatchObject({ pictures: 9 })
    } finally {
      disk.remove()
    }
  })
})
