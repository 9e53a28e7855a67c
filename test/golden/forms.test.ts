import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { readWeights } from '../../lib/formats/stateDict.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { loadCheckpoint } from '../../lib/models/weights.js'
import { expectClose } from '../support/close.js'
import { describeGolden, readGolden } from '../support/golden.js'
import { generatorConfig } from '../support/goldenModels.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'

describeGolden('generator_forward_', (kind) => {
  needs('build', 'python').test('golden weights through every form of file give the golden outputs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semples-forms-'))
    try {
      const file = await readGolden(`generator_forward_${kind}`)
      const weights = join(folder, 'weights.safetensors')
      await writeSafetensors(weights, file.under('w.'))
      const forms = JSON.parse(await runScript('test/golden/save_forms.py', weights, folder)) as [string, string][]
      expect(forms.length).toBeGreaterThan(8)
      for (const [form, path] of forms) {
        using generator = await MaskGenerator.create(generatorConfig(file.meta('config')))
        const { tensors, unread } = await readWeights(path)
        const { report } = await loadCheckpoint(generator, tensors, path, unread)
        expect([form, report.missing, report.unexpected]).toEqual([form, [], []])
        const outputs = await generator.forward({ images: file.tensor('images') })
        for (const name of ['class_logits', 'fine_cam'])
          expectClose(outputs[name], file.tensor(`out.${name}`), { name: `${form}: ${name}`, relMax: 1e-5 })
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
