import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { exportMasks } from '../../../lib/runs/annotations/exportMasks.js'
import type { ExportMasksOptions } from '../../../lib/runs/annotations/options.js'
import { writeScenes } from '../../../lib/scenes/write.js'
import { needs } from '../../support/needs.js'
import { runScript } from '../../support/python.js'

/** What Python gives back of a picture. */
interface ReadBack {
  /** Connected parts of the mask, and classes. */
  components: number
  classes: number
  /** Each annotation, with the part of the mask that it overlaps most. */
  objects: { label: string; id: number; iou: number; measured: boolean }[]
  /** Pixels of all annotations of a label, and of a class in the mask. */
  pixels: Record<string, number>
  truth: Record<number, number>
}

const labels: Record<number, string> = { 1: 'one & a half', 2: 'a "two" <b>', 3: 'Größe 三' }

needs('python').describe('read back by pycocotools, and by Python at the centres of pixels', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semples-annotations-'))
    await runScript('test/runs/annotations/readBack.py', 'make', join(folder, 'made'))
    await writeScenes({ out: join(folder, 'scenes'), train: 12, val: 0, seed: 3, size: 128 })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function readBack(
    set: 'made' | 'scenes',
    options: Pick<ExportMasksOptions, 'format' | 'shapes' | 'tolerance' | 'minArea' | 'perClass'>,
  ) {
    const [masks, images] = (set === 'made' ? ['masks', 'images'] : ['SegmentationClass', 'JPEGImages']).map((name) =>
      join(folder, set, name),
    ) as [string, string]
    const ending = { coco: 'a.json', cvat: 'a.xml', labelme: 'files' }[options.format]
    const out = join(await mkdtemp(join(folder, 'out-')), ending)
    const result = await exportMasks({ masks, images, out, ...options })
    const text = await runScript('test/runs/annotations/readBack.py', 'check', options.format, out, masks, images)
    return { result, pictures: Object.values(JSON.parse(text) as Record<string, ReadBack>) }
  }

  test.each([
    ['coco', { format: 'coco', tolerance: 0 }],
    ['coco, masks', { format: 'coco', shapes: 'masks' }],
    ['labelme', { format: 'labelme', tolerance: 0 }],
    ['cvat', { format: 'cvat', tolerance: 0 }],
    ['cvat, masks', { format: 'cvat', shapes: 'masks' }],
  ] as const)('%s: every connected part comes back exactly, under its label', async (_, options) => {
    const { result, pictures } = await readBack('made', options)
    expect(result).toMatchObject({ pictures: 29, failed: [], small: 0, withoutMask: 0 })
    expect(pictures).toHaveLength(29)
    for (const { components, objects } of pictures) {
      expect(objects).toHaveLength(components)
      for (const { id, label, iou, measured } of objects) expect([label, iou, measured]).toEqual([labels[id], 1, true])
    }
    expect(result.objects).toBe(pictures.reduce((sum, { components }) => sum + components, 0))
  })

  test.each(['coco', 'labelme', 'cvat'] as const)(
    '%s: one object a class has all pixels of the class',
    async (format) => {
      const { pictures } = await readBack('made', { format, tolerance: 0, perClass: true })
      for (const { classes, objects, pixels, truth } of pictures) {
        if (format === 'coco') expect(objects).toHaveLength(classes)
        expect(pixels).toEqual(
          Object.fromEntries(Object.entries(truth).map(([id, count]) => [labels[Number(id)], count])),
        )
      }
    },
  )

  test.each(['coco', 'labelme', 'cvat'] as const)('%s: simpler polygons keep 95 %% of each part', async (format) => {
    const { pictures } = await readBack('made', { format, tolerance: 2 })
    for (const { objects } of pictures) {
      // pycocotools fills by a rule of its own at edges that are oblique: it may differ by pixels along them.
      for (const { iou } of objects) expect(iou).toBeGreaterThanOrEqual(format === 'coco' ? 0.85 : 0.95)
    }
  })

  test('small parts are left out, and told', async () => {
    const { result, pictures } = await readBack('made', { format: 'coco', tolerance: 0, minArea: 5 })
    expect(result.small).toBeGreaterThan(10)
    expect(result.objects + result.small).toBe(pictures.reduce((sum, { components }) => sum + components, 0))
    for (const { objects } of pictures) for (const { iou } of objects) expect(iou).toBe(1)
  })

  test.each(['coco', 'labelme', 'cvat'] as const)('%s: drawn scenes, with the tolerance of 1', async (format) => {
    const exact = await readBack('scenes', { format, tolerance: 0 })
    for (const { objects } of exact.pictures) for (const { iou } of objects) expect(iou).toBe(1)
    const simpler = await readBack('scenes', { format })
    const ious = simpler.pictures.flatMap(({ objects }) => objects.map(({ iou }) => iou))
    expect(ious.length).toBeGreaterThan(12)
    expect(ious.reduce((sum, iou) => sum + iou) / ious.length).toBeGreaterThan(0.96)
  })
})
