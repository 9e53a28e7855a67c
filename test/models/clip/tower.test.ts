import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { writeSafetensors } from '../../../lib/formats/safetensors.js'
import { readClipTower } from '../../../lib/models/memory/clipTower.js'
import { describeClipForms } from '../../support/clipArchives.js'
import { readGoldenJson } from '../../support/golden.js'
import { openAiTensors } from './lookAlikes.js'

test('sizes for the estimate of memory are those of the weights', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'semples-tower-'))
  try {
    const file = join(folder, 'clip.safetensors')
    const tensors = openAiTensors({ patch: 14, imageSize: 336, width: 1024, textWidth: 8, blocks: 3 })
    await writeSafetensors(file, tensors)
    const numbers = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0)
    expect(await readClipTower(file)).toEqual({
      weights: 4 * numbers,
      imageSize: 336,
      tokens: 24 * 24 + 1,
      width: 1024,
      depth: 3,
      heads: 16,
      mlpRatio: 4,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

describeClipForms((_form, options) => {
  test('the estimate of memory knows the tower', async () => {
    const config = readGoldenJson<Record<string, number>>('clip_config.json')
    expect(await readClipTower(options().path)).toMatchObject({
      imageSize: config.image_resolution,
      tokens: (config.image_resolution / config.vision_patch_size) ** 2 + 1,
      width: config.vision_width,
      depth: config.vision_layers,
    })
  })
})
