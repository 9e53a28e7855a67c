import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import type { TensorMap } from '../../lib/base/tensor.js'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { readSafetensors } from '../../lib/formats/safetensors.js'
import { readStateDict } from '../../lib/formats/stateDict.js'
import { type ExportRunOptions, exportRun } from '../../lib/runs/exportRun.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'
import { shapeClasses, writeShapes } from './shapes.js'
import { filesOf, fingerprintsOf, snapshotOf, stopAt, temporaryFolder, tensorsOf, tinyRun } from './tiny.js'

const clip = fileURLToPath(new URL('../../models/demo-clip.pt', import.meta.url))

needs('build').describe('the weights of a run', () => {
  let root: string
  let data: Awaited<ReturnType<typeof writeShapes>>
  let run: string
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    run = await train('whole', { clip })
  })

  async function train(name: string, changes: TrainConfigInput): Promise<string> {
    const out = join(root, name)
    await trainSemPLeS(tinyRun(data, out, { epochs: 1, ...changes }))
    return out
  }

  /** A file name of its own, in a folder of its own. */
  async function file(name: string): Promise<string> {
    const folder = join(root, 'files', String(made++))
    await mkdir(folder, { recursive: true })
    return join(folder, name)
  }
  let made = 0

  /** Names and bits of tensors. */
  const bits = (tensors: TensorMap) => fingerprintsOf(Object.fromEntries(Object.entries(tensors).sort()))

  test('a .pth: the tensors of the last stage, bit for bit, under the names of WeakTr', async () => {
    const before = await snapshotOf(run)
    const path = await file('Ferry "ö" $1.pth')
    const result = await exportRun(run, { out: path })
    const { generator } = await tensorsOf(run, 'guide')
    expect(bits(await readStateDict(path))).toEqual(bits(generator!))
    expect(Object.keys(generator!)).toEqual(
      expect.arrayContaining(['cls_token', 'pos_embed', 'patch_embed.proj.weight', 'blocks.1.attn.qkv.bias']),
    )
    expect(Object.keys(generator!)).toEqual(
      expect.arrayContaining(['norm.weight', 'head.weight', 'adaptive_attention_fusion.attn_feat_ffn.1.bias']),
    )
    expect(result).toMatchObject({ path, format: 'pth', stage: 'guide', epoch: 1, classes: shapeClasses, warnings: [] })
    expect(result.bytes).toBe((await stat(path)).size)
    expect(result.tensors).toBe(Object.keys(generator!).length)
    expect(result.parameters).toBe(Object.values(generator!).reduce((sum, { data: { length } }) => sum + length, 0))
    // The run is as it was, and nothing else was written.
    expect(await snapshotOf(run)).toEqual(before)
    expect(await filesOf(join(path, '..'))).toEqual(['Ferry "ö" $1.pth'])
  })

  test('safetensors: the same, with the prompts, and texts that say what they are', async () => {
    const path = await file('weights.safetensors')
    const { prompts: sizes } = await exportRun(run, { out: path })
    const { tensors, metadata } = await readSafetensors(path)
    const { prompts, ...own } = tensors
    expect(bits(own)).toEqual(bits((await tensorsOf(run, 'guide')).generator!))
    expect(bits({ prompts: prompts! })).toEqual(bits((await tensorsOf(run, 'prompt')).prompts!))
    expect(sizes).toEqual(prompts!.shape)
    expect(metadata).toMatchObject({ format: 'pt', stage: 'guide', epoch: '1' })
    expect(metadata.semples).toMatch(/^\d+\.\d+\.\d+/)
    expect(JSON.parse(metadata.classes!)).toEqual(shapeClasses)
    const config = JSON.parse(metadata.config!)
    expect(config).toMatchObject({ kind: 'weaktr', imageSize: 32, patchSize: 8, width: 48, depth: 2, classes: 3 })
    expect(config).toMatchObject({ mean: [0.485, 0.456, 0.406], cams: { scales: [1, 1.2], flip: true } })
    // No path of this machine.
    expect(JSON.stringify(metadata)).not.toContain(root)
    expect(config).not.toHaveProperty('weights')
  })

  test('the stage that is asked for', async () => {
    const path = await file('weights.pth')
    expect(await exportRun(run, { out: path, stage: 'classify' })).toMatchObject({ stage: 'classify' })
    expect(bits(await readStateDict(path))).toEqual(bits((await tensorsOf(run, 'classify')).generator!))
  })

  test('the best epoch where epochs were compared, by default too; the last one when asked for', async () => {
    const out = await train('compared', { stages: ['classify'], select: 'miou', epochs: 3, lr: 20 })
    const stage = (await RunDirectory.open(out)).stage('classify')
    const [best, last] = [await stage.load('best'), await stage.load('last')]
    expect(bits(best!.tensors.generator!)).not.toEqual(bits(last!.tensors.generator!))
    for (const [epoch, wanted] of [
      [undefined, best!],
      ['best', best!],
      ['last', last!],
    ] as const) {
      const path = await file('weights.pth')
      const found = await exportRun(out, { out: path, ...(epoch === undefined ? {} : { epoch }) })
      expect([found.epoch, bits(await readStateDict(path))]).toEqual([wanted.epoch, bits(wanted.tensors.generator!)])
      expect(found).not.toHaveProperty('prompts')
    }
  })

  test('a stage that is not finished is said to be so', async () => {
    const out = join(root, 'stopped')
    const stopped = trainSemPLeS({ ...tinyRun(data, out, { stages: ['classify'] }), ...stopAt('classify', 2, 1) })
    await expect(stopped).rejects.toThrow('stopped')
    const { warnings, epoch } = await exportRun(out, { out: await file('weights.pth') })
    expect(epoch).toBe(1)
    expect(warnings).toEqual([expect.stringMatching(/Stage classify is not finished.* 1 of 2 epochs/)])
  })

  test.each(['weights.pth', 'weights.safetensors'])(
    'a training starts from %s, without a warning of it',
    async (name) => {
      const weights = await file(name)
      await exportRun(run, { out: weights })
      const changes = { stages: ['classify' as const], generator: { weights }, lr: 1e-30 }
      const out = join(root, `from ${name}`)
      const said: string[] = []
      const onProgress = ({ message = '' }: Progress) => said.push(message)
      const { warnings } = await trainSemPLeS({ ...tinyRun(data, out, { epochs: 1, ...changes }), onProgress })
      expect([...warnings, ...said].filter((text) => /weights|tensor|prompts/.test(text))).toEqual([])
      // Nothing is learned at such a rate.
      const { generator } = await tensorsOf(out, 'classify')
      expect(bits(generator!)).toEqual(bits((await tensorsOf(run, 'guide')).generator!))
    },
  )

  test('what cannot be exported is refused, and nothing is written', async () => {
    const folder = join(await file('x'), '..')
    const short = await train('short', { stages: ['classify'] })
    const out = join(folder, 'weights.pth')
    const refusals: [string, Partial<ExportRunOptions>, string, string][] = [
      [root, {}, 'SEMPLES_RUN_MISSING', 'There is a run within it'],
      [join(root, 'nowhere'), {}, 'SEMPLES_RUN_MISSING', 'nowhere'],
      [run, { format: 'ph' as 'pth' }, 'SEMPLES_OPTION_INVALID', 'Did you mean pth?'],
      [run, { format: 'safetensors' }, 'SEMPLES_OPTION_INVALID', '.safetensors'],
      [run, { out: join(folder, 'weights') }, 'SEMPLES_OPTION_INVALID', '.pth or .safetensors'],
      [run, { stage: 'prompt' }, 'SEMPLES_OPTION_INVALID', 'classify, match or guide'],
      [run, { stage: 'gide' as 'guide' }, 'SEMPLES_OPTION_INVALID', 'There is no such stage'],
      [short, { stage: 'guide' }, 'SEMPLES_STAGE_MISSING', 'no generator of stage guide (file'],
      [run, { epoch: 'best' }, 'SEMPLES_OPTION_INVALID', 'not compared'],
      [run, { epoch: '7' as 'best' }, 'SEMPLES_OPTION_INVALID', 'best or last'],
      [run, { out: join(run, 'run.json', 'w.pth') }, 'SEMPLES_WRITE_FAILED', 'run.json'],
    ]
    for (const [from, change, code, text] of refusals) {
      const refused = exportRun(from, { out, ...change })
      await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(text) })
    }
    expect(await readdir(folder)).toEqual([])
    await expect(exportRun(run, { out, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    expect(await readdir(folder)).toEqual([])
  })

  test('a run before its first epoch has nothing to export', async () => {
    const out = join(root, 'begun')
    const stopped = trainSemPLeS({ ...tinyRun(data, out, { stages: ['classify'] }), ...stopAt('classify', 1, 1) })
    await expect(stopped).rejects.toThrow('stopped')
    await expect(exportRun(out, { out: await file('w.pth'), stage: 'guide' })).rejects.toMatchObject({
      code: 'SEMPLES_STAGE_MISSING',
      field: 'stage',
    })
  })

  test('nothing that is there is replaced, not even an export', async () => {
    const path = await file('weights.pth')
    await exportRun(run, { out: path })
    const before = await snapshotOf(join(path, '..'))
    const refused = { code: 'SEMPLES_OUTPUT_EXISTS', field: 'out', file: path }
    await expect(exportRun(run, { out: path })).rejects.toMatchObject(refused)
    expect(await snapshotOf(join(path, '..'))).toEqual(before)
    const folder = await file('folder.pth')
    await mkdir(folder)
    await expect(exportRun(run, { out: folder })).rejects.toThrow('is a folder')
  })

  needs('python').test(
    'the line of Python that is printed loads them; names, bits, labels and config are the same',
    async () => {
      const [pth, safetensors] = [await file('it\'s "ö" \\n.pth'), await file('it\'s "ö" \\n.safetensors')]
      const lines = [await exportRun(run, { out: pth }), await exportRun(run, { out: safetensors })]
      const job = await file('job.json')
      const stage = (await RunDirectory.open(run)).stage('guide')
      const of = async (name: string) => (await RunDirectory.open(run)).stage(name).checkpointPath()
      const content = {
        lines: lines.map(({ python }) => python),
        pth,
        safetensors,
        generator: join((await stage.checkpointPath())!, 'generator.safetensors'),
        prompts: join((await of('prompt'))!, 'prompts.safetensors'),
        classes: shapeClasses,
      }
      await writeFile(job, JSON.stringify(content))
      expect(await runScript('test/runs/exportRun.py', job)).toBe('the same\n')
    },
  )
})
