import { describe, expect, test } from '@jest/globals'
import { ConfusionCounter } from '../../lib/evaluate/confusion.js'
import { scores } from '../../lib/evaluate/scores.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'

const row = (...values: number[]): LabelMap => ({ width: values.length, height: 1, data: Uint8Array.from(values) })

function judge(ids: number[], prediction: LabelMap, truth: LabelMap) {
  const counter = new ConfusionCounter(ids)
  counter.add(prediction, truth)
  return scores(counter.confusion())
}

describe('scores', () => {
  test('worked by hand', () => {
    //                         truth       0  0  0  1  1  2
    //                         predicted   0  0  1  1  0  2
    const { miou, perClass, falsePositive, falseNegative, precision, recall } = judge(
      [0, 1, 2],
      row(0, 0, 1, 1, 0, 2),
      row(0, 0, 0, 1, 1, 2),
    )
    expect(perClass.map(({ iou }) => iou)).toEqual([2 / 4, 1 / 3, 1])
    expect(miou).toBeCloseTo((1 / 2 + 1 / 3 + 1) / 3, 12)
    expect(falsePositive).toBeCloseTo((1 / 4 + 1 / 3 + 0) / 3, 12)
    expect(falseNegative).toBeCloseTo((1 / 4 + 1 / 3 + 0) / 3, 12)
    expect(precision).toBeCloseTo((2 / 3 + 1 / 2 + 1) / 3, 12)
    expect(recall).toBeCloseTo((2 / 3 + 1 / 2 + 1) / 3, 12)
  })

  test('a class that is nowhere is NaN and left out of every mean', () => {
    const { miou, perClass, precision, recall } = judge([0, 7, 9], row(0, 7), row(0, 7))
    expect(perClass[2]).toEqual({ id: 9, iou: Number.NaN, precision: Number.NaN, recall: Number.NaN })
    expect([miou, precision, recall]).toEqual([1, 1, 1])
  })

  test('a class only predicted has IoU and precision 0 and no recall; only in the truth, no precision', () => {
    const { perClass, precision, recall } = judge([0, 1, 2], row(1, 0), row(0, 2))
    expect(perClass).toEqual([
      { id: 0, iou: 0, precision: 0, recall: 0 },
      { id: 1, iou: 0, precision: 0, recall: Number.NaN },
      { id: 2, iou: 0, precision: Number.NaN, recall: 0 },
    ])
    expect([precision, recall]).toEqual([0, 0])
  })

  test('void in the truth is ignored, whatever is predicted there', () => {
    const plain = judge([0, 1], row(0, 1), row(0, 1))
    expect(judge([0, 1], row(0, 1, 1, 0, 255), row(0, 1, 255, 255, 255))).toEqual(plain)
  })

  test('void in the prediction is a miss, and nobody is accused of it', () => {
    const { perClass, falsePositive } = judge([0, 1], row(0, 1, 255, 255), row(0, 1, 1, 0))
    expect(perClass.map(({ iou, precision, recall }) => [iou, precision, recall])).toEqual([
      [1 / 2, 1, 1 / 2],
      [1 / 2, 1, 1 / 2],
    ])
    expect(falsePositive).toBe(0)
  })

  test('ids need not be contiguous, and adding unused ones changes no mean', () => {
    const few = judge([0, 3, 200], row(0, 3, 200, 3), row(0, 3, 3, 200))
    const many = judge(
      Array.from({ length: 255 }, (_, id) => id),
      row(0, 3, 200, 3),
      row(0, 3, 3, 200),
    )
    expect(many.miou).toBe(few.miou)
    expect(many.recall).toBe(few.recall)
  })

  test('counts add over pictures: mIoU is not a mean of pictures', () => {
    const counter = new ConfusionCounter([0, 1])
    counter.add(row(1), row(1))
    counter.add(row(0, 0, 0, 0), row(1, 1, 1, 0))
    expect(scores(counter.confusion()).perClass.map(({ iou }) => iou)).toEqual([1 / 4, 1 / 4])
  })

  test('nothing counted is NaN', () => {
    expect(scores(new ConfusionCounter([0, 1]).confusion()).miou).toBeNaN()
  })
})

describe('ConfusionCounter refuses', () => {
  const names = { prediction: 'masks/a.png', groundTruth: 'truth/a.png' }

  test('masks of different sizes, naming both', () => {
    const add = () => new ConfusionCounter([0, 1]).add(row(0, 1), row(0, 1, 1), names)
    expect(add).toThrow(
      expect.objectContaining({
        code: 'SEMPLES_MASK_SIZE',
        message: expect.stringMatching(/2x1 \(masks\/a.png\).*3x1 \(truth\/a.png\)/),
      }),
    )
  })

  test('the same number of pixels in another shape', () => {
    const tall: LabelMap = { width: 1, height: 2, data: new Uint8Array(2) }
    expect(() => new ConfusionCounter([0]).add(tall, row(0, 0))).toThrow(/1x2.*2x1/)
  })

  test.each([
    ['prediction', row(0, 5), row(0, 1), /masks\/a.png.*expected 0..1 or 255, received 5/],
    ['ground truth', row(0, 1), row(0, 6), /truth\/a.png.*received 6/],
  ])('a value outside the class table in the %s, and counts nothing', (_, prediction, truth, message) => {
    const counter = new ConfusionCounter([0, 1])
    expect(() => counter.add(prediction, truth, names)).toThrow(
      expect.objectContaining({ code: 'SEMPLES_MASK_CLASS', message: expect.stringMatching(message) }),
    )
    expect([...counter.confusion().counts]).toEqual([0, 0, 0, 0])
  })
})
