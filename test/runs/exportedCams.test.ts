import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect } from '@jest/globals'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { folder } from '../../lib/datasets/folder.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { readCamFile } from '../../lib/formats/camFile/camFile.js'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { generatorKinds } from '../../lib/models/generators/kinds.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { exportRun } from '../../lib/runs/exportRun.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { expectClose } from '../support/close.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'
import { writeShapes } from './shapes.js'
import { temporaryFolder, tinyGenerator, tinyRun } from './tiny.js'

const clip = fileURLToPath(new URL('../../models/demo-clip.pt', import.meta.url))

/** Of every kind and head, every rule of cams, with and without attention. */
const cases: [name: string, format: 'pth' | 'safetensors', changes: TrainConfigInput][] = [
  ['WeakTr of all stages, two scales', 'pth', { clip, cams: { scales: [1, 1.2] } }],
  [
    'WeakTr, one scale, not mirrored, mean pooling',
    'safetensors',
    {
      stages: ['classify'],
      generator: { fusionPool: 'mean', fusionReduction: 4, fusionFeatureReduction: 2, depth: 3, heads: 4 },
      cams: { scales: [1], flip: false },
    },
  ],
  [
    'the demo of the package',
    'safetensors',
    { preset: 'demo', stages: ['classify'], cams: { resample: 'exact', maxSide: 40 } },
  ],
  [
    'ResNet-50 with context, cut maps',
    'pth',
    {
      stages: ['classify'],
      generator: { kind: 'cnn', backbone: 'resnet50', width: 0.125, imageSize: 48, head: 'context', norm: 'live' },
      cams: { scales: [1, 0.5, 1.5], scaling: 'max', fit: 'cut' },
    },
  ],
  [
    'ResNet-50, dilated',
    'safetensors',
    {
      stages: ['classify'],
      generator: { kind: 'cnn', backbone: 'resnet50', width: 0.125, imageSize: 48, dilate: true },
      cams: { scales: [1] },
    },
  ],
  [
    'EfficientNet-Lite0, pictures enlarged',
    'pth',
    {
      stages: ['classify'],
      generator: { kind: 'cnn', backbone: 'efficientnet-lite0', width: 0.25, imageSize: 64, outputStride: 32 },
      cams: { scales: [1, 1.33], side: 96 },
    },
  ],
]

needs('build').describe('CAMs of an exported run in plain PyTorch are those of semples', () => {
  let root: string
  let data: FolderData
  /** As large as a training picture of the tiny generator: its positions are used as they are. */
  let square: FolderData
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(join(root, 'photos'))
    square = await writeShapes(join(root, 'square'), { count: 3, width: 32, height: 32, seed: 1 })
  })

  for (const [name, format, changes] of cases)
    needs('python').test(name, async () => {
      const out = join(root, name)
      await trainSemPLeS(await run(out, changes))
      const weights = join(root, `exported ${name}.${format}`)
      await exportRun(out, { out: weights })
      const job = { weights, out: join(root, `${name}.safetensors`), pictures: {} as Record<string, unknown> }
      for (const [of, pictures] of Object.entries({ photos: data, square })) {
        await generateMasks({ run: out, data: pictures, out: join(root, 'cams', name, of), cams: 'npy' })
        for (const { id, image, labels } of (await folder(pictures)).items)
          job.pictures[`${of}/${id}`] = { file: image, classes: labels }
      }
      await writeFile(`${out}.json`, JSON.stringify(job))
      await runScript('test/runs/plain_pytorch.py', `${out}.json`)
      const found = Object.entries((await readSafetensors(job.out)).tensors)
      expect(found).toHaveLength(12)
      for (const [id, plain] of found) {
        const { maps } = await readCamFile(join(root, 'cams', name, `${id}.npy`))
        expect([id, plain.shape]).toEqual([id, maps.shape])
        expectClose(plain, maps, { name: id, relMax: 0, abs: 1e-5 })
      }
      // Maps of zeros would agree too.
      for (const [, { data: values }] of found) expect(Math.max(...(values as Float32Array))).toBeGreaterThan(0.9)
    })

  async function run(out: string, changes: TrainConfigInput): Promise<TrainConfigInput> {
    const { generator, ...rest } = tinyRun(data, out, { epochs: 1, ...changes })
    if (changes.preset === 'demo') return rest
    if (changes.generator?.kind !== 'cnn') {
      const weights = await unevenWeights(changes.generator)
      return { ...rest, generator: { ...generator, weights } }
    }
    return { ...rest, generator: { weights: 'random', ...changes.generator } }
  }

  /**
   * Weights of the deviation of trained ones. The attention of random ones is nearly even, and so are their maps: what
   * stretches these to 0 to 1 stretches the rounding of float32 too, a thousandfold.
   */
  async function unevenWeights(sizes: TrainConfigInput['generator']): Promise<string> {
    const { weights: _, ...options } = generatorKinds[0].schema.parse({ weights: 'random', ...tinyGenerator, ...sizes })
    using generator = await MaskGenerator.create({ ...options, classes: 3, seed: 3 })
    const state = await generator.state()
    for (const { shape, data: values } of Object.values(state))
      if (shape.length > 1) for (const [index, value] of values.entries()) values[index] = 16 * Number(value)
    const file = join(root, `start-${options.depth}.safetensors`)
    await writeSafetensors(file, state)
    return file
  }
})
