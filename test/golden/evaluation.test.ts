import { describe, expect, test } from '@jest/globals'
import { ConfusionCounter } from '../../lib/evaluate/confusion.js'
import { type Scores, scores } from '../../lib/evaluate/scores.js'
import { greedyPart, hundredths, SweepCounter } from '../../lib/evaluate/sweep.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { maskFromCams } from '../../lib/masks/threshold.js'
import { expectClose } from '../support/close.js'
import { type GoldenFile, readGolden } from '../support/golden.js'

const golden = await readGolden('evaluation')
const classCount = golden.tensor('png.iou_percent').shape[0]
const ids = Array.from({ length: classCount }, (_, id) => id)
const pictures = Object.keys(golden.tensors).flatMap((name) => /^(img\d+)\.gt$/.exec(name)?.[1] ?? [])
const percent = { relMax: 1e-5 }

function mask(file: GoldenFile, name: string): LabelMap {
  const { shape, data } = file.tensor(name)
  return { height: shape[0], width: shape[1], data: Uint8Array.from(data as Uint8Array) }
}

function cams(picture: string) {
  const { shape, data } = golden.tensor(`${picture}.cams`)
  const classIds = [...golden.numbers(`${picture}.cam_classes`)].map((index) => index + 1)
  return { cams: data as Float32Array, classIds, height: shape[1], width: shape[2] }
}

function scoresOf(predict: (picture: string) => LabelMap): Scores {
  const counter = new ConfusionCounter(ids)
  for (const picture of pictures) counter.add(predict(picture), mask(golden, `${picture}.gt`))
  return scores(counter.confusion())
}

function expectFigures(ours: Scores, prefix: string): void {
  const wanted = (name: string) => golden.scalar(`${prefix}.${name}`)
  const iou = ours.perClass.map((entry) => entry.iou * 100)
  expectClose(iou, golden.numbers(`${prefix}.iou_percent`), { ...percent, name: 'IoU' })
  expectClose(ours.miou * 100, wanted('mIoU'), { ...percent, name: 'mIoU' })
  expectClose(ours.falsePositive * 100, wanted('FP'), { ...percent, name: 'FP' })
  expectClose(ours.falseNegative * 100, wanted('FN'), { ...percent, name: 'FN' })
  expectClose(ours.precision * 100, wanted('Prediction'), { ...percent, name: 'precision' })
  expectClose(ours.recall * 100, wanted('Recall'), { ...percent, name: 'recall' })
}

describe('evaluation', () => {
  test('there are pictures', () => expect(pictures.length).toBeGreaterThan(0))

  test('masks against ground truth', () => {
    const counter = new ConfusionCounter(ids)
    for (const picture of pictures) counter.add(mask(golden, `${picture}.pred`), mask(golden, `${picture}.gt`))
    const confusion = counter.confusion()
    expect([...confusion.counts]).toEqual([...golden.numbers('png.confusion_gt_by_pred')])
    expectFigures(scores(confusion), 'png')
  })

  const stored = Object.keys(golden.tensors).flatMap((name) => /^npy_t(\d+)\.mIoU$/.exec(name)?.[1] ?? [])
  test.each(stored)('maps at threshold 0.%s', (step) => {
    const threshold = Number(step) / 100
    expectFigures(
      scoresOf((picture) => maskFromCams({ ...cams(picture), threshold })),
      `npy_t${step}`,
    )
  })

  test.each(pictures)('label map of %s from its maps', (picture) => {
    const stored = Object.keys(golden.tensors).flatMap((name) =>
      name.startsWith(`${picture}.pred_from_cam_t`) ? [name] : [],
    )
    expect(stored.length).toBeGreaterThan(0)
    for (const name of stored) {
      const threshold = Number(name.slice(`${picture}.pred_from_cam_t`.length)) / 100
      expect(maskFromCams({ ...cams(picture), threshold })).toEqual(mask(golden, name))
    }
  })
})

describe('threshold sweep', () => {
  function sweep(thresholds: readonly number[]) {
    const counter = new SweepCounter(ids, thresholds)
    for (const picture of pictures) counter.add(cams(picture), mask(golden, `${picture}.gt`))
    return counter.curve()
  }

  test('whole curve', () => {
    // Stored as float32: 0.29 must not become 0.28999999165534973.
    const thresholds = [...golden.numbers('npy.full_curve_thresholds')].map((value) => Math.round(value * 1e4) / 1e4)
    const curve = sweep(thresholds).map(({ miou }) => miou * 100)
    expectClose(curve, golden.numbers('npy.full_curve_miou'), { ...percent, name: 'curve' })
  })

  const ranges = Object.keys(golden.tensors).flatMap((name) => {
    const match = /^sweep_(\d+)_(\d+)\.best_miou$/.exec(name)
    return match === null ? [] : [[Number(match[1]), Number(match[2])]]
  })
  test.each(ranges)('greedy from %d to %d', (start, end) => {
    const name = `sweep_${start}_${end}`
    const visited = greedyPart(sweep(hundredths(start, end)))
    const best = visited.reduce((most, point) => (point.miou > most.miou ? point : most))
    expectClose(
      visited.map(({ miou }) => miou * 100),
      golden.tensor(`${name}.miou_visited`).data as Float32Array,
      { ...percent, name: 'visited' },
    )
    expectClose(best.miou * 100, golden.scalar(`${name}.best_miou`), percent)
    expectClose(best.threshold, golden.scalar(`${name}.best_threshold`), percent)
  })
})
