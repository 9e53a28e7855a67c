import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import { openWithClassesOf } from '../../lib/cam/runClasses.js'
import { classTable } from '../../lib/datasets/classes/names.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { readMask, writeMask } from '../../lib/masks/png.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { reportRun } from '../../lib/runs/report.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { describeNative } from '../native/models.js'
import { writeShapes } from '../runs/shapes.js'
import { jsonOf, temporaryFolder, tinyRun } from '../runs/tiny.js'

const table = [
  { label: 'square', id: 9 },
  { label: 'okapi', id: 2 },
  { label: 'bar', id: 4 },
  { label: 'disc', id: 7 },
]

describeNative('masks with the classes of a run', () => {
  let root: string
  let run: string
  let data: FolderData & { masks: string }
  let warnings: string[]
  beforeAll(async () => {
    root = await temporaryFolder()
    run = join(root, 'run')
    data = { ...(await writeShapes(root)), classes: join(root, 'table.json') }
    await writeFile(data.classes!, JSON.stringify(table))
    warnings = (await trainSemPLeS(tinyRun(data, run, { stages: ['classify'], epochs: 2, lr: 0.5 }))).warnings
  })

  test('1.7: training says which classes no picture shows, or few', () => {
    expect(warnings.join('\n')).toMatch(/No picture shows okapi\. .*learned/)
    expect(warnings.join('\n')).toMatch(/Fewer than 5 pictures show square \(3\), disc \(3\)\./)
  })

  test('1.7: a class that no training picture shows is never predicted, and that is said', async () => {
    expect(await jsonOf(run, 'labels.json')).toMatchObject({ unseen: ['okapi'] })
    const predict = (folder: string, more: object = {}) =>
      generateMasks({ run: folder, out: join(root, `predicted-${count++}`), labels: 'predicted', ...more })
    let count = 0
    // The lowest threshold of all takes every class that can be taken.
    const all = await predict(run, { labelThreshold: 0 })
    expect(all.predicted?.p00).toEqual({
      square: expect.any(Number),
      bar: expect.any(Number),
      disc: expect.any(Number),
    })
    for (const result of [all, await predict(run)]) {
      expect(Object.keys(result.labelThresholds!).sort()).toEqual(['bar', 'disc', 'square'])
      expect(result.warnings.join('\n')).toMatch(/No training picture shows okapi: .*never predicted/)
    }
    // A run of an older version, or one that is not finished, has no list of them.
    const old = join(root, 'old')
    await cp(run, old, { recursive: true })
    await rm(join(old, 'labels.json'))
    expect((await predict(old, { labelThreshold: 0 })).predicted?.p00).toEqual(all.predicted?.p00)
    expect(Object.keys((await predict(old)).labelThresholds!)).not.toContain('okapi')
    const { notices } = await reportRun({ run, labels: 'predicted', pictures: 2, out: join(root, 'report.html') })
    expect(notices.join('\n')).toMatch(/No training picture shows okapi/)
  })

  test('2.4: other pictures that show some of the classes need no table; ids are those of the run', async () => {
    const some = join(root, 'some')
    await mkdir(some)
    const rows = ['p00.png,bar', 'p01.png,disc', 'p04.png,disc']
    for (const name of ['p00.png', 'p01.png', 'p04.png']) await copyFile(join(data.folder, name), join(some, name))
    await writeFile(join(root, 'some.csv'), `file,labels\n${rows.join('\n')}\n`)
    const own = join(root, 'own-masks')
    await generateMasks({ run, out: own, threshold: 0.2 })
    const same = async (given: object, out: string) => {
      const result = await generateMasks({ run, out, threshold: 0.2, data: given as FolderData })
      for (const id of ['p00', 'p01', 'p04'])
        expect((await readMask(join(out, `${id}.png`))).data).toEqual((await readMask(join(own, `${id}.png`))).data)
      return result.warnings
    }
    const labels = join(root, 'some.csv')
    await same({ folder: some, labels }, join(root, 'm1'))
    // 2.5: what they are of.
    expect(await jsonOf(root, 'm1', 'masks.json')).toMatchObject({ of: `folder ${some}` })
    await generateMasks({ run, out: join(root, 'm4'), data: { folder: some, labels, val: 0.4 }, split: 'val' })
    expect(await jsonOf(root, 'm4', 'masks.json')).toMatchObject({ split: 'val', of: expect.stringContaining(some) })
    expect([...(await readMask(join(root, 'm1', 'p01.png'))).data]).toContain(7)
    // As class folders, and with a table of their own that has other ids.
    for (const row of rows) {
      const [name, label] = row.split(',') as [string, string]
      await mkdir(join(root, 'folders', label), { recursive: true })
      await copyFile(join(some, name), join(root, 'folders', label, name))
    }
    await same({ folder: join(root, 'folders') }, join(root, 'm2'))
    const classes = join(root, 'other.json')
    await writeFile(classes, JSON.stringify([{ label: 'bar' }, { label: 'disc' }]))
    expect(await same({ folder: some, labels, classes }, join(root, 'm3'))).toContainEqual(
      expect.stringMatching(/other ids .* matched by name, .* ids of the run/),
    )
  })

  test('3.11: progress of a report ends with its last picture, where few have ground truth', async () => {
    const masks = join(root, 'few')
    await mkdir(masks)
    await copyFile(join(data.masks, 'p00.png'), join(masks, 'p00.png'))
    const told: Progress[] = []
    const onProgress = (progress: Progress) => told.push(progress)
    await reportRun({ run, data: { ...data, masks }, pictures: 2, out: join(root, 'few.html'), onProgress })
    const steps = told.filter(({ stage, message }) => stage === 'report' && message === undefined)
    expect(steps.length).toBeLessThan(6)
    expect(steps.at(-1)!.step).toBe(steps.at(-1)!.steps)
  })

  test('2.4: labels that the run does not have are refused by name', async () => {
    await writeFile(join(root, 'zebra.csv'), 'file,labels\np00.png,bar\np01.png,zebra\n')
    await writeFile(join(root, 'zebra.json'), JSON.stringify([{ label: 'bar' }, { label: 'zebra' }]))
    const other = { folder: data.folder, labels: join(root, 'zebra.csv') }
    for (const given of [other, { ...other, classes: join(root, 'zebra.json') }])
      await expect(generateMasks({ run, out: join(root, 'none'), data: given })).rejects.toMatchObject({
        code: 'SEMPLES_CLASSES_DIFFER',
        message: expect.stringMatching(/zebra.*square, okapi, bar, disc.*--labels predicted/),
      })
  })

  test('2.4: ground truth is renumbered with the labels', async () => {
    const root = await temporaryFolder()
    const shapes = await writeShapes(root, { count: 2 })
    await writeFile(join(root, 'own.json'), JSON.stringify([{ label: 'disc' }, { label: 'bar' }]))
    await writeMask(join(shapes.masks, 'p00.png'), { width: 48, height: 40, data: new Uint8Array(1920).fill(2, 5, 9) })
    const file = join(root, 'run.json')
    await writeFile(file, await readFile(data.classes!))
    const classes = classTable('run', ['bar', 'cat', 'disc'])
    const opened = await openWithClassesOf({ ...shapes, classes: join(root, 'own.json') }, 'train', { classes, file })
    expect(opened.items.map(({ labels }) => labels)).toEqual([[0], [2]])
    expect(new Set((await opened.mask(opened.items[0]!))!.data)).toEqual(new Set([0, 1]))
  })
})
