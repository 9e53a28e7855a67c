import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { coco2014Classes, coco2014Classes90 } from '../../lib/datasets/classes/coco2014.js'
import { coco2014 } from '../../lib/datasets/coco2014.js'
import { readMask, writeMask } from '../../lib/masks/png.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { type RunResult, trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { needs } from '../support/needs.js'
import { pictureFolder } from '../support/realPictures.js'
import { filesOf, metricsOf, temporaryFolder, tinyRun } from './tiny.js'
import { tinyClipArchive } from './tinyClip.js'

const root = join(pictureFolder, 'coco2014')

needs('pictures', 'python').describe('real COCO pictures', () => {
  let folder: string
  let result: RunResult
  let masks: string
  beforeAll(async () => {
    folder = await temporaryFolder()
    masks = join(folder, 'masks')
    const settings = {
      clip: await tinyClipArchive(),
      epochs: 1,
      maxSteps: 3,
      generator: { imageSize: 64, patchSize: 32 },
    }
    result = await trainSemPLeS(tinyRun({ coco2014: root }, join(folder, 'run'), settings))
    await generateMasks({ run: result.out, out: masks, split: 'val', cams: 'npz' })
  })

  test('go through all stages; those without an annotation are counted', async () => {
    expect(result.stages.map(({ name, steps }) => [name, steps])).toEqual(
      ['classify', 'match', 'prompt', 'guide'].map((name) => [name, 3]),
    )
    expect((await metricsOf(result.out)).every(({ loss }) => Number.isFinite(loss))).toBe(true)
    expect(result.classes.classes).toHaveLength(80)
    expect(result.warnings).toContain('2 pictures have no label: left out of training')
  })

  test('of the val split get masks of their stored size, with ids of their annotations', async () => {
    const { items, mask: truthOf } = await coco2014({ root, split: 'val2014' })
    expect(items).toHaveLength(16)
    expect((await filesOf(masks)).filter((name) => name.endsWith('.png'))).toEqual(
      items.map(({ id }) => `${id}.png`).sort(),
    )
    for (const item of items) {
      const mask = await readMask(join(masks, `${item.id}.png`))
      const truth = await truthOf(item)
      expect([mask.width, mask.height]).toEqual([truth?.width, truth?.height])
      const allowed = [0, ...item.labels.map((index) => coco2014Classes.classes[index].id)]
      expect(allowed).toEqual(expect.arrayContaining([...new Set(mask.data)]))
    }
  })

  test('are judged over 81 labels, and the sweep over the maps has the masks as one of its points', async () => {
    const judged = await evaluate({ masks, groundTruth: { coco2014: root } })
    expect(judged).toMatchObject({ pictures: 16, perClass: { length: 81 } })
    expect(judged.miou).toBeGreaterThan(0)
    const swept = await evaluate({ cams: masks, groundTruth: { coco2014: root }, thresholds: [0.3, 0.45, 0.6] })
    expect(swept.curve?.[1].miou).toBe(judged.miou)
  })

  test('the same masks with category ids, judged over 91 labels, have the same mean IoU', async () => {
    const mapped = join(folder, 'mapped')
    const categoryOf = new Map(
      coco2014Classes.classes.map(({ id, label }) => [
        id,
        coco2014Classes90.classes.find((entry) => entry.label === label)?.id ?? 255,
      ]),
    )
    // Known ids: the 80 classes are the 90 categories without the gaps.
    expect([1, 12, 13, 80].map((id) => categoryOf.get(id))).toEqual([1, 13, 14, 90])
    for (const name of (await filesOf(masks)).filter((file) => file.endsWith('.png'))) {
      const mask = await readMask(join(masks, name))
      await writeMask(join(mapped, name), { ...mask, data: mask.data.map((id) => categoryOf.get(id) ?? 0) })
    }
    const of80 = await evaluate({ masks, groundTruth: { coco2014: root } })
    const of90 = await evaluate({ masks: mapped, groundTruth: { coco2014: root, classes: 90 } })
    expect(of90.perClass).toHaveLength(91)
    expect(of90.miou).toBeCloseTo(of80.miou, 14)
    const known = ({ perClass }: typeof of80) =>
      perClass.filter(({ iou }) => !Number.isNaN(iou)).map(({ label, iou }) => [label, iou])
    expect(known(of90)).toEqual(known(of80))
  })

  test('masks of a run over 80 classes are refused for 90', async () => {
    const making = generateMasks({ run: result.out, out: join(folder, 'x'), data: { coco2014: root, classes: 90 } })
    await expect(making).rejects.toMatchObject({ code: 'SEMPLES_CLASSES_DIFFER' })
  })
})
