import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { describeNative } from '../native/models.js'
import { writeShapes } from './shapes.js'
import { filesOf, temporaryFolder, tinyRun } from './tiny.js'

describeNative('a report at the end of training', () => {
  const start = async () => {
    const root = await temporaryFolder()
    return { out: join(root, 'run'), data: await writeShapes(root) }
  }

  test('is written where it is asked for, also of a run that is finished already', async () => {
    const { out, data } = await start()
    const input = tinyRun(data, out, { stages: ['classify'], epochs: 1 })
    expect(await trainSemPLeS(input)).not.toHaveProperty('report')
    expect(await filesOf(out)).not.toContain('report.html')
    const { report } = await trainSemPLeS({ resume: out, report: true })
    expect(report).toBe(join(out, 'report.html'))
    expect(await filesOf(out)).toContain('report.html')
  })

  test('that fails is a notice; the run is finished', async () => {
    const { out, data } = await start()
    const input = tinyRun(data, out, { stages: ['classify'], epochs: 1 })
    const onProgress = ({ step }: { step: number }) => {
      if (step === 1) void mkdir(join(out, 'report.html'), { recursive: true })
    }
    const result = await trainSemPLeS({ ...input, report: true, onProgress })
    expect(result).not.toHaveProperty('report')
    expect(result.warnings.join('\n')).toMatch(/the report could not be written: .*report\.html/)
    const run = await RunDirectory.open(out, 'write')
    expect(run.manifest.finished).toBeDefined()
    await run.close()
  })

  test('an abort during the report is an abort; the run is finished', async () => {
    const { out, data } = await start()
    const controller = new AbortController()
    const onProgress = ({ stage, step }: { stage: string; step: number }) => {
      if (stage === 'report' && step === 1) controller.abort(new Error('enough'))
    }
    const input = tinyRun(data, out, { stages: ['classify'], epochs: 1 })
    await expect(trainSemPLeS({ ...input, report: true, onProgress, signal: controller.signal })).rejects.toThrow(
      'enough',
    )
    expect(await filesOf(out)).not.toContain('report.html')
    expect((await RunDirectory.open(out)).manifest.finished).toBeDefined()
  })
})

describeNative('a segmentation model at the end of training', () => {
  test('is trained where it is asked for, and again only where it is not finished; the report shows it', async () => {
    const root = await temporaryFolder()
    const [out, data] = [join(root, 'run'), await writeShapes(root)]
    const input = tinyRun(data, out, { stages: ['classify'], epochs: 1 })
    const steps: string[] = []
    const onProgress = ({ stage, loss }: { stage: string; loss?: number }) => {
      if (loss !== undefined) steps.push(stage)
    }
    const stop = new AbortController()
    const interrupt = (progress: { stage: string; loss?: number }) => {
      onProgress(progress)
      if (progress.stage === 'segmenter' && progress.loss !== undefined) stop.abort(new Error('enough'))
    }
    // Sizes and epochs come from the run and the kind of model: a step is enough to see where it stands.
    await expect(trainSemPLeS({ ...input, segment: true, onProgress: interrupt, signal: stop.signal })).rejects.toThrow(
      'enough',
    )
    expect(steps.at(-1)).toBe('segmenter')
    expect((await RunDirectory.open(out)).manifest.finished).toBeDefined()
    expect((await RunDirectory.open(join(out, 'segmenter'))).manifest.finished).toBeUndefined()
  })
})
