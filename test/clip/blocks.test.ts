import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorMap } from '../../lib/base/tensor.js'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { loadAddon } from '../../lib/native/load.js'
import { rejection } from '../config/refusal.js'
import { describeClipArchives } from '../support/clipArchives.js'
import { expectClose } from '../support/close.js'
import { goldenFolder, readGolden } from '../support/golden.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'

const FORWARD = { relMax: 1e-5 }

needs('build', 'python').describe('what lies inside a CLIP', () => {
  let reference: TensorMap
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semples-blocks-'))
    const weights = join(folder, 'weights.safetensors')
    const out = join(folder, 'reference.safetensors')
    await writeSafetensors(weights, (await readGolden('clip_weights')).tensors)
    const config = join(goldenFolder, 'clip_config.json')
    await runScript('test/clip/blocks_reference.py', '--weights', weights, '--config', config, '--out', out)
    reference = await readSafetensors(out).then(({ tensors }) => tensors)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  describeClipArchives((_form, options) => {
    describe.each(['own', 'wide'])('pictures of %s size', (size) => {
      const expected = (name: string) => reference[`${size}.${name}`]!

      test('tokens and attention of every block', async () => {
        using clip = await Clip.open(options())
        expect(clip.info.insides).toBe(true)
        const { tokens, attention } = await clip.encodeBlocks(expected('pixels'))
        expectClose(tokens, expected('tokens'), FORWARD)
        expectClose(attention, expected('attention'), FORWARD)
      })

      test('the last block with its projection, and the gradient at its first LayerNorm', async () => {
        using clip = await Clip.open(options())
        const tokens = expected('tokens')
        const [depth = 0, ...shape] = tokens.shape
        const count = shape.reduce((product, each) => product * each, 1)
        const data = (tokens.data as Float32Array).slice((depth - 2) * count, (depth - 1) * count)
        const input = { dtype: 'float32' as const, shape, data }
        const block = await clip.finishBlock(input)
        expectClose(block.normed, expected('normed'), FORWARD)
        expectClose(block.features, expected('features'), FORWARD)
        const { inspection } = loadAddon()
        const found = await inspection.blockGradient(clip.native, input, expected('cotangent'))
        expectClose(found.gradient, expected('gradient'), { relMax: 1e-4 })
      })
    })

    test('the class token is that of encodeImage, a patch that of encodePatches', async () => {
      using clip = await Clip.open(options())
      const images = (await readGolden('clip_io')).tensor('images')
      const { tokens } = await clip.encodeBlocks(images)
      const [depth = 0, batch = 0, count = 0, width = 0] = tokens.shape
      const size = batch * count * width
      const { features } = await clip.finishBlock({
        dtype: 'float32',
        shape: [batch, count, width],
        data: (tokens.data as Float32Array).slice((depth - 2) * size, (depth - 1) * size),
      })
      const whole = await clip.encodeImage(images)
      const patches = await clip.encodePatches(images)
      const dimension = whole.shape[1]!
      const all = features.data as Float32Array
      for (let picture = 0; picture < batch; picture++) {
        const start = picture * count * dimension
        expectClose(
          all.slice(start, start + dimension),
          (whole.data as Float32Array).slice(picture * dimension, (picture + 1) * dimension),
          FORWARD,
        )
        const size = (count - 1) * dimension
        expectClose(
          all.slice(start + dimension, start + dimension + size),
          (patches.data as Float32Array).slice(picture * size, (picture + 1) * size),
          FORWARD,
        )
      }
    })

    test('sides that are no whole patches are refused', async () => {
      using clip = await Clip.open(options())
      const images = { dtype: 'float32' as const, shape: [1, 3, 33, 48], data: new Float32Array(3 * 33 * 48) }
      expect(await rejection(clip.encodeBlocks(images))).toMatchObject({
        code: 'SEMPLES_ARGUMENT_INVALID',
        field: 'images',
      })
    })
  })
})
