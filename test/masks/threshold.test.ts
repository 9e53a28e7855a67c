import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readSafetensors } from '../../lib/formats/safetensors.js'
import { maskFromCams } from '../../lib/masks/threshold.js'
import { goldenFolder } from '../support/golden.js'
import { needsGolden } from '../support/needs.js'

const evaluation = join(goldenFolder, 'evaluation.safetensors')

/** One row of pixels; `maps` holds a row of scores a class. */
function row(threshold: number, ...maps: number[][]): number[] {
  const width = maps[0]!.length
  const classIds = maps.map((_, i) => 10 * (i + 1))
  return [...maskFromCams({ cams: Float32Array.from(maps.flat()), classIds, height: 1, width, threshold }).data]
}

describe('maskFromCams', () => {
  needsGolden(existsSync(evaluation)).test('gives the reference label maps of evaluation.safetensors', async () => {
    const { tensors } = await readSafetensors(evaluation)
    const images = Object.keys(tensors).filter((name) => name.endsWith('.pred_from_cam_t44'))
    expect(images.length).toBeGreaterThan(0)
    for (const name of images) {
      const image = name.split('.')[0]!
      const cams = tensors[`${image}.cams`]!
      const [, height, width] = cams.shape as [number, number, number]
      const classIds = [...(tensors[`${image}.cam_classes`]!.data as BigInt64Array)].map((id) => Number(id) + 1)
      const mask = maskFromCams({ cams: cams.data as Float32Array, classIds, height, width, threshold: 0.44 })
      expect(mask).toMatchObject({ height, width })
      expect(Buffer.compare(mask.data, tensors[name]!.data as Uint8Array)).toBe(0)
    }
  })

  test('takes the highest map above the background', () => {
    expect(row(0.4, [0.1, 0.5, 0.6, 0.9], [0.3, 0.2, 0.7, 0.8])).toEqual([0, 10, 20, 10])
  })

  test('gives ties to the background, then to the earlier map', () => {
    expect(row(0.5, [0.5, 0.75], [0.5, 0.75])).toEqual([0, 10])
    expect(row(Math.fround(0.1), [0.1], [0.1])).toEqual([0])
  })

  test('scores that a float32 softmax cannot tell apart are ties', () => {
    // exp(-2^-25) is 1 - 2^-25, which float32 rounds to 1; exp(-2^-20) is below it.
    expect(row(0.25, [0.25 + 2 ** -25, 0.25 + 2 ** -20])).toEqual([0, 10])
    expect(row(0.1, [0.25, 0.25], [0.25 + 2 ** -25, 0.25 + 2 ** -20])).toEqual([10, 20])
  })

  test('is all background without a map', () => {
    expect([
      ...maskFromCams({ cams: new Float32Array(0), classIds: [], height: 2, width: 3, threshold: 0.3 }).data,
    ]).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('refuses sizes that do not agree, ids that are no pixel values, and scores that are not finite', () => {
    const one = { cams: new Float32Array(6), classIds: [1], height: 2, width: 3, threshold: 0.4 }
    expect(() => maskFromCams({ ...one, width: 4 })).toThrow(/1 maps of 2x4 need 8 values/)
    for (const id of [-1, 255, 1.5]) {
      expect(() => maskFromCams({ ...one, classIds: [id] })).toThrow(
        expect.objectContaining({ code: 'SEMPLES_CAM_INVALID', value: id }),
      )
    }
    expect(() => maskFromCams({ ...one, cams: Float32Array.of(0, 0, 0, 0, Number.NaN, 0) })).toThrow(
      expect.objectContaining({ code: 'SEMPLES_CAM_INVALID', field: 'cams[4]' }),
    )
    expect(() => maskFromCams({ ...one, threshold: Number.NaN })).toThrow(/threshold/)
  })
})
