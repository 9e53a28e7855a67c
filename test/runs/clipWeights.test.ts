import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { Random } from '../../lib/loader/random.js'
import { planTraining } from '../../lib/runs/planTraining.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { openAiIntegers, openAiTensors, zeros } from '../models/clip/lookAlikes.js'
import { needs } from '../support/needs.js'
import { writeShapes } from './shapes.js'
import { temporaryFolder, tinyRun } from './tiny.js'

needs('build').test(
  'a CLIP from weights: what is left out is told, and its activation stands in the manifest',
  async () => {
    const root = await temporaryFolder()
    const sizes = {
      patch: 16,
      imageSize: 32,
      width: 64,
      textWidth: 32,
      features: 32,
      blocks: 2,
      vocabulary: 49408,
      context: 24,
    }
    const weights = { ...openAiTensors(sizes), ...openAiIntegers(sizes), 'ema.decay': zeros(1) }
    const draws = new Random(4, 'clip')
    for (const tensor of Object.values(weights))
      if (tensor.dtype === 'float32') tensor.data = (tensor.data as Float32Array).map(() => draws.uniform(-0.3, 0.3))
    const clip = join(root, 'clip.safetensors')
    await writeSafetensors(clip, weights)
    const data = await writeShapes(root)
    const input = tinyRun(data, join(root, 'run'), { clip, epochs: 1 })
    const told = expect.stringMatching(
      /clip\.safetensors holds 1 tensor that a CLIP does not have, left out: ema\.decay/,
    )

    expect((await planTraining({ ...input, memoryCheck: 'off' })).notices).toContainEqual(told)
    const { out, warnings } = await trainSemPLeS(input)
    expect(warnings).toContainEqual(told)
    expect(JSON.parse(await readFile(join(out, 'run.json'), 'utf8')).notes.clipActivation).toEqual({
      value: 'quick_gelu',
      because: expect.stringContaining('input_resolution, context_length and vocab_size'),
    })
  },
)
