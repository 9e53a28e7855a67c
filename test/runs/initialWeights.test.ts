import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import type { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import { resolveConfig } from '../../lib/config/resolve.js'
import { stageOf } from '../../lib/config/stagesOf.js'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { loadInitialWeights } from '../../lib/runs/initialWeights.js'
import { generatorConfig, RunModels } from '../../lib/runs/runModels.js'
import { describeNative, differences } from '../native/models.js'
import { temporaryFolder } from './tiny.js'

const dataset = {
  classes: { name: 'pets', classes: ['cat', 'dog'].map((label, at) => ({ id: at + 1, label, prompt: label })) },
} as unknown as Dataset

describeNative('weights with an ImageNet head', () => {
  test('each stage that starts from them starts the same, whatever the head learned before', async () => {
    const folder = await temporaryFolder()
    const weights = join(folder, 'classifier.safetensors')
    const config = resolveConfig({
      data: { folder },
      generator: { kind: 'cnn', weights, width: 0.125, imageSize: 48, head: 'context', headStart: 'imagenet' },
      clip: join(folder, 'clip.pt'),
      stages: ['match', 'prompt', 'guide'],
      out: join(folder, 'run'),
    })
    using generator = await MaskGenerator.create(generatorConfig(config, dataset, { device: 'cpu' }))
    const state = await generator.state()
    const backbone = Object.fromEntries(Object.entries(state).filter(([name]) => !/^(classifier|context)\./.test(name)))
    const width = state['classifier.weight']!.shape[1]!
    const rows = Float32Array.from({ length: 1000 * width }, (_, at) => Math.sin(at))
    await writeSafetensors(weights, {
      ...backbone,
      'fc.weight': { dtype: 'float32', shape: [1000, width], data: rows },
    })

    const models = new RunModels(config, dataset, { device: 'cpu' } as ConstructorParameters<typeof RunModels>[2])
    const notes: Record<string, unknown> = {}
    const run = {
      manifest: { notes },
      updateManifest: async (changes: { notes: object }) => Object.assign(notes, changes.notes),
    } as unknown as RunDirectory
    const start = async (name: 'match' | 'guide') => {
      const context = { config, models, dataset, onProgress: () => {}, run }
      await loadInitialWeights(context, stageOf(config, name), generator, undefined)
      return generator.state()
    }
    const first = await start('match')
    const learned: TensorData = first['context.spread.weight']!
    await generator.load(
      { 'context.spread.weight': { ...learned, data: (learned.data as Float32Array).map(() => 0.5) } },
      { strict: false },
    )
    expect(differences(first, await generator.state())).toEqual(['context.spread.weight'])
    expect(differences(first, await start('guide'))).toEqual([])
    expect(notes.loaded).toMatchObject({ missing: expect.arrayContaining(['context.spread.weight']) })
  })
})
