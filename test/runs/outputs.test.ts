import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { exportFolder } from '../../lib/datasets/exportFolder.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { refineMasks } from '../../lib/refine/refineMasks.js'
import { runDemo } from '../../lib/runs/demo.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { reportRun } from '../../lib/runs/report.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeScenes } from '../../lib/scenes/write.js'
import { rejection } from '../config/refusal.js'
import { describeNative } from '../native/models.js'
import { writeShapes } from './shapes.js'
import { snapshotOf, temporaryFolder, tinyRun } from './tiny.js'

// What is there stays, unless the same command made it: lib/config/outputs.ts.
describeNative('outputs', () => {
  let root: string
  let run: string
  let maps: string
  let data: FolderData & { masks: string }
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root, { count: 3 })
    run = join(root, 'run')
    maps = join(root, 'maps')
    await trainSemPLeS(tinyRun(data, run, { stages: ['classify'], epochs: 1, batch: 3 }))
    await generateMasks({ run, out: maps, cams: 'npz' })
  })

  interface Writer {
    write: (out: string) => Promise<unknown>
    /** Names inside the output that it would write over; '' is the output itself. */
    foreign: string[]
    code?: string
    /** Refuses to be called twice. */
    once?: true
  }
  const writers: Record<string, Writer> = {
    generateMasks: { write: (out) => generateMasks({ run, out }), foreign: ['p00.png', 'p02.png', 'masks.json', ''] },
    'generateMasks with npy': { write: (out) => generateMasks({ run, out, cams: 'npy' }), foreign: ['p01.npy'] },
    'generateMasks with npz': { write: (out) => generateMasks({ run, out, cams: 'npz' }), foreign: ['p01.npz'] },
    refineMasks: {
      write: (out) => refineMasks({ images: data.folder, cams: maps, out }).finished,
      foreign: ['p02.png', 'refine.json', ''],
    },
    'refineMasks of inputs, with npz': {
      write: (out) =>
        refineMasks([{ image: join(data.folder, 'p00.png'), scores: join(maps, 'p00.npz') }], {
          out,
          withScores: 'npz',
        }).finished,
      foreign: ['p00.npz'],
    },
    reportRun: { write: (out) => reportRun({ run, out: join(out, 'a.html'), gallery: false }), foreign: ['a.html'] },
    exportFolder: { write: (out) => exportFolder({ data, out }), foreign: ['labels.csv', 'mine.txt', ''] },
    writeScenes: {
      write: (out) => writeScenes({ out, train: 1, val: 0, size: 32 }),
      foreign: ['train.csv', 'scenes.json', ''],
    },
    trainSemPLeS: {
      write: (out) => trainSemPLeS(tinyRun(data, out, { stages: ['classify'], epochs: 1, batch: 3 })),
      foreign: ['config.json', 'mine.txt', ''],
      code: 'SEMPLES_RUN_EXISTS',
      once: true,
    },
    runDemo: { write: (out) => runDemo({ out }), foreign: ['report.html', 'scenes/mine.txt', 'scenes'] },
  }
  const cases = Object.entries(writers).flatMap(([name, { foreign }]) => foreign.map((file) => [name, file] as const))

  test.each(cases)('%s leaves a foreign %j as it was, and writes nothing', async (name, file) => {
    const { write, code = 'SEMPLES_OUTPUT_EXISTS' } = writers[name]!
    const place = await temporaryFolder()
    const out = join(place, 'out')
    await mkdir(dirname(join(out, file)), { recursive: true })
    await writeFile(join(out, file), 'mine')
    const before = await snapshotOf(place)
    const error = await rejection(write(out))
    // A run, and masks, that are to be a file never get as far as looking into it.
    expect([code, 'SEMPLES_WRITE_FAILED']).toContain(error.code)
    if (file !== '') expect(error.code).toBe(code)
    expect(error.message).toContain(out)
    expect(await snapshotOf(place)).toEqual(before)
  })

  test.each(Object.keys(writers).filter((name) => name !== 'runDemo'))('%s, twice', async (name) => {
    const { write, once } = writers[name]!
    const out = join(await temporaryFolder(), 'out')
    await write(out)
    const before = await snapshotOf(out)
    if (once) expect(await rejection(write(out))).toMatchObject({ code: 'SEMPLES_RUN_EXISTS' })
    else await write(out)
    const after = await snapshotOf(out)
    expect(Object.keys(after)).toEqual(Object.keys(before))
    // A report has the time in it.
    if (name !== 'reportRun') expect(after).toEqual(before)
  })

  test('what was made in one folder is foreign in another, and for another command', async () => {
    const place = await temporaryFolder()
    const copied = join(place, 'copied')
    await mkdir(copied)
    await cp(join(maps, 'p00.png'), join(copied, 'p00.png'))
    for (const write of [writers.generateMasks!.write, writers.refineMasks!.write])
      expect(await rejection(write(copied))).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
    const made = join(place, 'made')
    await generateMasks({ run, out: made })
    expect(await rejection(writers.refineMasks!.write(made))).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
  })

  test('an interrupted call may go on', async () => {
    const out = join(await temporaryFolder(), 'out')
    const controller = new AbortController()
    const onProgress = ({ step }: { step: number }) => step === 1 && controller.abort(new Error('stop'))
    const stopped = generateMasks({ run, out, signal: controller.signal, onProgress: (seen) => void onProgress(seen) })
    await expect(stopped).rejects.toThrow('stop')
    expect(await generateMasks({ run, out })).toMatchObject({ pictures: 3 })
  })

  test('masks do not go among the pictures, whatever the path; within their folder they do', async () => {
    const place = await temporaryFolder()
    const pictures = join(place, 'pictures')
    await cp(data.folder, pictures, { recursive: true })
    await symlink(pictures, join(place, 'link'))
    const before = await snapshotOf(place)
    const own = { run, data: { folder: pictures }, labels: 'predicted' as const }
    for (const out of [pictures, join(place, 'link'), join(pictures, '..', 'pictures')])
      expect(await rejection(generateMasks({ ...own, out }))).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
    expect(await snapshotOf(place)).toEqual(before)
    const within = join(pictures, 'masks')
    expect(await generateMasks({ ...own, out: within })).toMatchObject({ pictures: 3 })
    // The second time, masks are no pictures.
    expect(await generateMasks({ ...own, out: within })).toMatchObject({ pictures: 3 })
  })

  test('refined masks never replace what they are made of, not even with overwrite', async () => {
    const place = await temporaryFolder()
    await cp(maps, place, { recursive: true })
    const before = await snapshotOf(place)
    const image = join(data.folder, 'p00.png')
    const stream = { out: place, overwrite: true, errors: 'throw' as const }
    const folders = refineMasks({ images: data.folder, cams: place, out: place, overwrite: true })
    expect(await rejection(folders.finished)).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
    const labels = refineMasks([{ image, labels: join(place, 'p00.png') }], stream)
    expect(await rejection(labels.finished)).toMatchObject({
      code: 'SEMPLES_OUTPUT_EXISTS',
      file: join(place, 'p00.png'),
    })
    const { 'refine.json': _, ...after } = await snapshotOf(place)
    expect(after).toEqual(before)
  })

  test('corrections by hand in an exported folder stay', async () => {
    const out = join(await temporaryFolder(), 'photos')
    await exportFolder({ data, out })
    for (const name of ['labels.csv', 'classes.json']) {
      const text = await readFile(join(out, name), 'utf8')
      await writeFile(join(out, name), text.replace('bar', 'pole'))
      const error = await rejection(exportFolder({ data, out }))
      expect(error).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS', file: join(out, name) })
      expect(await readFile(join(out, name), 'utf8')).toContain('pole')
      await writeFile(join(out, name), text)
    }
  })
})
