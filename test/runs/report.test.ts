import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { readMask } from '../../lib/masks/png.js'
import { refineMasks } from '../../lib/refine/refineMasks.js'
import type { RunReport } from '../../lib/report/runReport.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { gatherReport } from '../../lib/runs/report/gather.js'
import { reportRun } from '../../lib/runs/report.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { describeNative } from '../native/models.js'
import { writeShapes } from './shapes.js'
import { filesOf, metricsOf, snapshotOf, stopAt, temporaryFolder, tinyRun } from './tiny.js'

const clip = fileURLToPath(new URL('../../models/demo-clip.pt', import.meta.url))
const stages = ['classify', 'match', 'guide'] as const

describeNative('the report of a run', () => {
  let root: string
  let run: string
  let data: FolderData & { masks: string }
  let report: RunReport
  const progress: Progress[] = []
  beforeAll(async () => {
    root = await temporaryFolder()
    run = join(root, 'run')
    data = await writeShapes(root)
    await trainSemPLeS(tinyRun(data, run, { clip, lr: 0.5 }))
    report = await gatherReport({ run, pictures: 4, onProgress: (event) => progress.push(event) })
  })

  test('curves hold every step of every stage', async () => {
    const records = await metricsOf(run)
    expect(report.stages.map(({ name, epochs }) => [name, epochs])).toEqual(
      ['classify', 'match', 'prompt', 'guide'].map((name) => [name, 2]),
    )
    for (const stage of report.stages) {
      const own = records.filter((record) => record.stage === stage.name)
      expect(stage.steps.map(({ loss }) => loss)).toEqual(own.map(({ loss }) => loss))
      expect(stage.steps.at(-1)).toMatchObject({ epoch: 2, step: 2, terms: own.at(-1)!.terms })
      expect(stage.seconds).toBeGreaterThan(0)
    }
  })

  test('a row of refined masks, judged as those that refineMasks makes', async () => {
    const refine = { preset: 'coco', thresholds: [0.2] } as const
    const { ablation, gallery } = await gatherReport({ run, pictures: 2, refine })
    const row = ablation.at(-1)!
    expect([row.name, row.refined, row.curve!.map(({ threshold }) => threshold)]).toEqual([
      'semples+crf',
      true,
      [0.2, report.threshold],
    ])
    const [cams, masks] = [join(root, 'refine-cams'), join(root, 'refined')]
    await generateMasks({ run, out: cams, cams: 'npz' })
    const { threshold } = report
    const { failed } = await refineMasks({ images: data.folder, cams, out: masks, preset: 'coco', threshold }).finished
    expect(failed).toEqual([])
    expect(row.miou).toBe((await evaluate({ masks, groundTruth: data })).miou)
    for (const { id, results } of gallery) {
      const { mask, refined } = results.at(-1)!
      expect([refined, mask.data]).toEqual([true, (await readMask(join(masks, `${id}.png`))).data])
    }
  })

  test('a row for every generator, judged as its masks are judged', async () => {
    expect(report.ablation.map(({ name }) => name)).toEqual(['cam', 'matching', 'semples'])
    for (const [index, stage] of stages.entries()) {
      const out = join(root, `masks-${stage}`)
      await generateMasks({ run, out, stage, cams: true })
      const masks = await evaluate({ masks: out, groundTruth: data })
      const sweep = await evaluate({ cams: out, groundTruth: data })
      const row = report.ablation[index]!
      expect(row.miou).toBe(masks.miou)
      expect(row.perClass).toEqual(masks.perClass)
      expect(row.curve).toEqual(sweep.curve)
      expect(row.best).toEqual(sweep.best)
      expect(row.pictures).toBe(9)
    }
  })

  test('the gallery shows maps and masks of every generator, as masks are written', async () => {
    expect(report.gallery).toHaveLength(4)
    expect(new Set(report.gallery.flatMap(({ labels }) => labels))).toEqual(new Set([1, 2, 3]))
    for (const picture of report.gallery) {
      const { id, width, height, pixels, labels, labelSource, results, truth } = picture
      expect([width, height, pixels.length, labelSource]).toEqual([48, 40, 48 * 40 * 3, 'given'])
      expect(truth).toEqual(await readMask(join(data.masks, `${id}.png`)))
      expect(results.map(({ name }) => name)).toEqual(['cam', 'matching', 'semples'])
      for (const [index, { cams, mask }] of results.entries()) {
        expect(mask).toEqual(await readMask(join(root, `masks-${stages[index]}`, `${id}.png`)))
        expect(cams.length).toBe(labels.length * width * height)
      }
      expect(picture.promptMaps.map(({ classId }) => classId)).toEqual(labels)
      for (const { rows, columns, values } of picture.promptMaps) {
        expect([rows, columns, values.length]).toEqual([8, 8, 64])
        expect(values.every((value) => Math.abs(value) < 1)).toBe(true)
        expect(new Set(values).size).toBeGreaterThan(32)
      }
    }
  })

  test('prompts are named among the words that the CLIP knows', () => {
    expect(report.prompts.map(({ classId, label }) => [classId, label])).toEqual([
      [1, 'bar'],
      [2, 'disc'],
      [3, 'square'],
    ])
    for (const { words } of report.prompts)
      expect(words.map(({ word }) => word).sort()).toEqual([...report.vocabulary].sort())
    expect(report.vocabulary).toContain('water')
  })

  test('config, environment, notices and progress', () => {
    expect(report).toMatchObject({ title: 'Run run', threshold: 0.45, config: { seed: 7, out: run } })
    const environment = Object.fromEntries(report.environment)
    expect(environment).toMatchObject({ 'node (run)': process.version, seed: '7', 'weights (run)': 'random' })
    expect(environment['computed on (report)']).toMatch(/^device cpu, 1 thread, LibTorch/)
    expect(report.notices.join('\n')).toMatch(/RANDOM[\s\S]*evaluated on 9 of these pictures/)
    const steps = progress.filter(({ stage }) => stage === 'report').map(({ step, steps: all }) => [step, all])
    expect(steps).toEqual(Array.from({ length: 9 }, (_, index) => [index + 1, 9]))
  })

  test('is a file beside the run, which stays as it is and can be resumed', async () => {
    const before = await snapshotOf(run)
    const { path, ...result } = await reportRun({ run, pictures: 2, judged: 1 })
    expect(path).toBe(join(run, 'report.html'))
    expect(result).toMatchObject({ pictures: 2, ablation: [{ pictures: 1 }, {}, {}], prompts: [{}, {}, {}] })
    expect(await readFile(path, 'utf8')).toMatch(/^<!doctype html>/i)
    const { 'report.html': _, ...after } = await snapshotOf(run)
    expect(after).toEqual(before)
    await trainSemPLeS({ resume: run })
    expect(await filesOf(run)).toContain('report.html')
    const out = join(root, 'elsewhere', 'own.html')
    expect((await reportRun({ run, out, gallery: false })).path).toBe(out)
  })

  test('shows and judges as many pictures as asked for, the same each time', async () => {
    const [one, other] = [
      await gatherReport({ run, pictures: 3, judged: 2 }),
      await gatherReport({ run, pictures: 3, judged: 2 }),
    ]
    expect({ ...one, created: '' }).toEqual({ ...other, created: '' })
    expect(one.gallery).toHaveLength(3)
    expect(one.ablation[0]!.pictures).toBe(2)
  })

  test('N04: pictures without labels are all background, refined or not, and every row is judged on the same ones', async () => {
    const own = await writeShapes(join(root, 'half'), { count: 12 })
    const rows = (await readFile(own.labels!, 'utf8')).split('\n')
    await writeFile(
      own.labels!,
      rows.map((row, at) => (at > 0 && at % 4 === 0 ? row.replace(/,.*/, ',') : row)).join('\n'),
    )
    const refine = { preset: 'voc' } as const
    const all = await gatherReport({ run, data: own, pictures: 12, judged: 10, refine })
    expect(all.ablation.map(({ name, pictures }) => [name, pictures])).toEqual(
      ['cam', 'matching', 'semples', 'semples+crf'].map((name) => [name, 10]),
    )
    expect(all.notices.join('\n')).toMatch(/evaluated on 10 of these pictures/)
    expect(all.notices.join('\n')).not.toMatch(/left out|not on all/)
    const unlabelled = all.gallery.filter(({ labels }) => labels.length === 0)
    expect(unlabelled).toHaveLength(3)
    for (const { results } of unlabelled)
      for (const { mask } of results) expect(mask.data.every((id) => id === 0)).toBe(true)
    // No figure depends on what else is shown.
    const plain = await gatherReport({ run, data: own, pictures: 0, judged: 10 })
    expect(plain.ablation).toEqual(all.ablation.slice(0, 3))
    const few = await gatherReport({ run, data: own, pictures: 2, judged: 10, refine })
    expect(few.ablation).toEqual(all.ablation)
    expect(few.gallery).toHaveLength(2)
  })

  test('N04: pictures that cannot be refined are left out of that row alone, and a wrong option is refused', async () => {
    const refine = { preset: 'voc', memoryLimit: 1 } as object
    await expect(gatherReport({ run, refine })).rejects.toMatchObject({ code: 'SEMPLES_CONFIG_UNKNOWN' })
    await expect(gatherReport({ run, refine: { iterations: -1 } })).rejects.toMatchObject({ field: 'iterations' })
    // Compatibilities of two labels fit the background and one class, not two.
    const matrix = [
      [0, 1],
      [1, 0],
    ]
    const { ablation, gallery, notices } = await gatherReport({
      run,
      pictures: 9,
      refine: { bilateral: { sxy: 80, srgb: 13, compat: matrix } },
    })
    expect(ablation.map(({ pictures }) => pictures)).toEqual([9, 9, 9, 6])
    expect(gallery.map(({ results }) => results.length).sort()).toEqual([3, 3, 3, 4, 4, 4, 4, 4, 4])
    expect(notices.join('\n')).toMatch(/semples\+crf is judged on 6 pictures, not on all: 3 could not be refined/)
  })

  test('other pictures without labels: predicted, in gallery and notices; nothing is evaluated', async () => {
    const photos = join(root, 'photos')
    await mkdir(photos)
    for (const name of ['p00.png', 'p01.png']) await copyFile(join(data.folder, name), join(photos, name))
    const own = await gatherReport({ run, data: { folder: photos }, labels: 'predicted', labelThreshold: 0 })
    expect(own.gallery.map(({ labels, labelSource }) => [labels, labelSource])).toEqual([
      [[1, 2, 3], 'predicted'],
      [[1, 2, 3], 'predicted'],
    ])
    expect(own.ablation).toEqual([])
    expect(own.notices.join('\n')).toMatch(/PREDICTED[\s\S]*Nothing is evaluated/)
    const listed = await gatherReport({ run, data: { folder: photos }, labels: { 'p00.png': ['disc'] } })
    expect(listed.gallery.map(({ id, labels, labelSource }) => [id, labels, labelSource])).toEqual([
      ['p00', [2], 'list'],
      ['p01', [], 'list'],
    ])
  })

  test('rows that were judged elsewhere are shown instead', async () => {
    const row = { name: 'cam', description: 'of another run', miou: 0.5, perClass: [], pictures: 7 }
    const given = await gatherReport({
      run,
      title: 'Mine',
      pictures: 1,
      ablation: [row],
      control: row,
      notices: ['First.'],
    })
    expect(given).toMatchObject({ title: 'Mine', ablation: [row], control: row })
    expect(given.gallery[0]!.results).toHaveLength(3)
    expect(given.notices[0]).toBe('First.')
    expect(given.notices.join('\n')).not.toMatch(/judged/)
  })

  describe('what is missing is left out, and said', () => {
    const without = async (...moved: string[]) => {
      for (const path of moved) await rename(path, `${path}-away`)
      try {
        return await gatherReport({ run, pictures: 2, judged: 2 })
      } finally {
        for (const path of moved) await rename(`${path}-away`, path)
      }
    }

    test('pictures that were moved away', async () => {
      const { gallery, ablation, prompts, stages: curves, notices } = await without(data.folder)
      expect([gallery, ablation, prompts.length, curves.length]).toEqual([[], [], 3, 4])
      expect(notices.join('\n')).toMatch(/Pictures are missing: .*pictures/)
    })

    test('ground truth for some pictures only', async () => {
      const { ablation, gallery } = await without(
        ...['p00', 'p02', 'p04'].map((name) => join(data.masks, `${name}.png`)),
      )
      expect([ablation[0]!.pictures, gallery.length]).toEqual([2, 2])
    })

    test('a damaged picture', async () => {
      const place = join(root, 'damaged')
      const own = await writeShapes(place)
      await writeFile(join(own.folder, 'p03.png'), (await readFile(join(own.folder, 'p03.png'))).subarray(0, 300))
      const { gallery, ablation, notices } = await gatherReport({ run, data: own })
      expect([gallery.length, ablation[0]!.pictures]).toEqual([8, 8])
      expect(notices.join('\n')).toMatch(/1 picture.* left out of the report.*p03\.png/)
    })

    test('without gallery nothing but curves, config and environment', async () => {
      const plain = await gatherReport({ run, gallery: false })
      expect(plain).toMatchObject({ gallery: [], ablation: [], prompts: [], vocabulary: [], config: { seed: 7 } })
      expect(plain.stages).toHaveLength(4)
    })

    test('an unfinished run: as far as it has come', async () => {
      const out = join(root, 'unfinished')
      const { signal, onProgress } = stopAt('match', 2, 1)
      await expect(trainSemPLeS({ ...tinyRun(data, out, { clip }), signal, onProgress })).rejects.toThrow('stopped')
      const own = await gatherReport({ run: out, pictures: 1, judged: 1 })
      expect(own.stages.map(({ name }) => name)).toEqual(['classify', 'match'])
      expect(own.ablation.map(({ name }) => name)).toEqual(['cam', 'matching'])
      expect(own.prompts).toEqual([])
      expect(own.notices.join('\n')).toMatch(/not finished/)
      await rm(join(out, 'stages'), { recursive: true })
      const begun = await gatherReport({ run: out })
      expect([begun.gallery, begun.ablation]).toEqual([[], []])
      expect(begun.notices.join('\n')).toMatch(/no trained generator/)
    })
  })

  describe('refusals', () => {
    test('no run', async () => {
      await expect(gatherReport({ run: root })).rejects.toMatchObject({ code: 'SEMPLES_RUN_MISSING' })
    })

    test.each<[object, string]>([
      [{ threshold: 1.5 }, 'threshold'],
      [{ pictures: -1 }, 'pictures'],
      [{ judged: 0.5 }, 'judged'],
    ])('%j', async (options, field) => {
      await expect(gatherReport({ run, ...options })).rejects.toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field })
    })

    test('data that were named and are not there', async () => {
      await expect(gatherReport({ run, data: { folder: join(root, 'nowhere') } })).rejects.toMatchObject({
        code: 'SEMPLES_FILE_UNREADABLE',
      })
    })

    test('an abort leaves no file', async () => {
      const controller = new AbortController()
      const out = join(root, 'aborted.html')
      const onProgress = () => controller.abort(new Error('enough'))
      await expect(reportRun({ run, out, signal: controller.signal, onProgress })).rejects.toThrow('enough')
      expect(await filesOf(root)).not.toContain('aborted.html')
    })
  })
})
