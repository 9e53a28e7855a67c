import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import { resolveConfig } from '../../lib/config/resolve.js'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { folder } from '../../lib/datasets/folder.js'
import { galleryPictures, spreadOut } from '../../lib/runs/report/gallery.js'
import { gatherReport } from '../../lib/runs/report/gather.js'
import { RefinedRow } from '../../lib/runs/report/refined.js'
import { shownSize, shrinkMaps, shrinkMask } from '../../lib/runs/report/shrink.js'
import { reportRun } from '../../lib/runs/report.js'
import { writeShapes } from './shapes.js'
import { filesOf, temporaryFolder, tinyRun } from './tiny.js'

test.each([0, 1, 2, 3, 10, 13, 200])('%i pictures spread over the whole, each once', (length) => {
  const items = Array.from({ length }, (_, index) => index)
  const order = spreadOut(items)
  expect([...order].sort((one, other) => one - other)).toEqual(items)
  // The first fifth has something of every quarter.
  if (length >= 100)
    expect(new Set(order.slice(0, length / 5).map((at) => Math.floor((4 * at) / length)))).toEqual(
      new Set([0, 1, 2, 3]),
    )
})

describe('the gallery', () => {
  const dataset = (...labels: number[][]): Dataset => ({
    name: 'drawn',
    classes: {
      name: 'drawn',
      classes: ['a', 'b', 'c'].map((label, index) => ({ id: index + 1, label, prompt: label, color: [0, 0, 0] })),
    },
    items: labels.map((own, index) => ({ id: String(index), image: '', labels: own })),
    orientation: 'exif',
    mask: async () => undefined,
  })
  const chosen = (count: number, ...labels: number[][]) => galleryPictures(dataset(...labels), count)

  test('every class has its turn, however rare', () => {
    const common = Array.from({ length: 50 }, () => [0])
    const items = chosen(6, ...common, [1], [2], [2])
    expect(items.flatMap(({ labels }) => labels).sort()).toEqual([0, 0, 0, 1, 2, 2])
    expect(new Set(items).size).toBe(6)
  })

  test('pictures without a label come last, and none twice', () => {
    expect(chosen(3, [], [0], [], [0, 1]).map(({ labels }) => labels.length > 0)).toEqual([true, true, false])
    expect(chosen(9, [0, 1], [], [1])).toHaveLength(3)
    expect(chosen(0, [0])).toEqual([])
    expect(chosen(2)).toEqual([])
  })
})

describe('what is shown of large pictures', () => {
  test('400 pixels at most, in proportion; smaller ones as they are', () => {
    expect(shownSize({ width: 800, height: 600 })).toEqual({ width: 400, height: 300 })
    expect(shownSize({ width: 3, height: 4000 })).toEqual({ width: 1, height: 400 })
    expect(shownSize({ width: 48, height: 40 })).toEqual({ width: 48, height: 40 })
  })

  test('masks and maps take the middles of the cells', () => {
    const data = Uint8Array.from({ length: 24 }, (_, index) => index)
    const mask = { width: 6, height: 4, data }
    // Middles of cells of 3 x 2: columns 1 and 4, rows 1 and 3.
    expect(shrinkMask(mask, { width: 2, height: 2 }).data).toEqual(Uint8Array.of(7, 10, 19, 22))
    const maps = Float32Array.from([...data, ...data.map((value) => value + 100)])
    expect(shrinkMaps(maps, 2, mask, { width: 2, height: 2 })).toEqual(
      Float32Array.of(7, 10, 19, 22, 107, 110, 119, 122),
    )
    expect(shrinkMask(mask, mask)).toEqual(mask)
  })
})

describe('without the addon', () => {
  const before = process.env.SEMPLES_ADDON
  afterEach(() => {
    if (before === undefined) delete process.env.SEMPLES_ADDON
    else process.env.SEMPLES_ADDON = before
  })

  test('a report has curves, config and environment, and says what is missing', async () => {
    const root = await temporaryFolder()
    process.env.SEMPLES_ADDON = join(root, 'none.node')
    const data = await writeShapes(root)
    const out = join(root, 'run')
    const config = resolveConfig(tinyRun(data, out, { stages: ['classify'] }))
    const { classes } = await folder(data)
    const run = await RunDirectory.create(out, { config, classes, versions: {}, seed: 7, data: 'x' })
    await run.setStage('classify', { status: 'running', started: new Date().toISOString() })
    await run.close()
    const steps = [1, 2].map((step) => ({
      stage: 'classify',
      epoch: 1,
      step,
      loss: 1 / step,
      terms: {},
      learningRate: 0.1,
    }))
    const skipped = { stage: 'classify', epoch: 1, step: 3, skipped: true }
    await writeFile(join(out, 'metrics.jsonl'), [...steps, skipped].map((line) => `${JSON.stringify(line)}\n`).join(''))

    const report = await gatherReport({ run: out })
    expect(report).toMatchObject({ gallery: [], ablation: [], prompts: [], config: { seed: 7 } })
    expect(report.stages[0]!.steps.map(({ loss }) => loss)).toEqual([1, 0.5])
    expect(report.notices.join('\n')).toMatch(/not finished[\s\S]*Pictures and prompts are missing: .*none\.node/)
    await reportRun({ run: out })
    expect(await filesOf(out)).toContain('report.html')
  })
})

test('a picture without labels counts among refined masks, as background', async () => {
  const classes = { name: 'drawn', classes: [{ id: 3, label: 'boat', prompt: 'boat', color: [0, 0, 0] as const }] }
  const row = new RefinedRow(classes as never, { preset: 'voc' }, 0.4, 'semples')
  const image = { data: new Uint8Array(4 * 4 * 3), width: 4, height: 4 }
  const none = { cams: new Float32Array(0), classIds: [], width: 4, height: 4 }
  await row.add(image as never, none, { data: new Uint8Array(16), width: 4, height: 4 }, 'meadow')
  expect(row.row()).toMatchObject({ pictures: 1, miou: 1 })
  expect((await row.refine(image as never, none))!.mask.data).toEqual(new Uint8Array(16))
})
