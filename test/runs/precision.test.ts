import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { generateMasks, readMask } from '../../lib/index.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { given, run } from '../cli/fakes.js'
import { rejection } from '../config/refusal.js'
import { writeShapes } from './shapes.js'
import { fingerprintsOf, jsonOf, metricsOf, outcomeOf, stopAt, temporaryFolder, tensorsOf, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

describeWithClip('a run in bfloat16 on the processor', () => {
  let root: string
  let data: Awaited<ReturnType<typeof writeShapes>>
  let clip: string
  const config = (name: string) => tinyRun(data, join(root, name), { clip, precision: 'bfloat16' })
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    clip = await tinyClipArchive()
    await trainSemPLeS(config('whole'))
  })

  test('records it, keeps weights in float32, and has other losses than float32, near them', async () => {
    const out = join(root, 'whole')
    expect(await jsonOf(out, 'config.json')).toMatchObject({ precision: 'bfloat16' })
    expect(await jsonOf(out, 'run.json')).toMatchObject({ notes: { precision: 'bfloat16' } })
    const { generator } = await tensorsOf(out, 'guide')
    expect(Object.values(fingerprintsOf(generator!)).filter((text) => !text.startsWith('float32'))).toEqual([])
    await trainSemPLeS({ ...config('plain'), precision: 'float32', stages: ['classify'] })
    const [[low], [plain]] = await Promise.all([metricsOf(out), metricsOf(join(root, 'plain'))])
    expect(low!.loss).not.toBe(plain!.loss)
    expect(Math.abs(Number(low!.loss) / Number(plain!.loss) - 1)).toBeLessThan(0.05)
  })

  test.each(['classify', 'guide'] as const)(
    'stopped in stage %s and resumed, it ends as one that was not',
    async (stage) => {
      const out = join(root, `stopped-${stage}`)
      await expect(trainSemPLeS({ ...config(`stopped-${stage}`), ...stopAt(stage, 1, 1) })).rejects.toThrow('stopped')
      await trainSemPLeS({ resume: out })
      expect(await outcomeOf(out)).toEqual(await outcomeOf(join(root, 'whole')))
    },
  )

  test('cannot be resumed in another precision, by function or command, and is left as it was', async () => {
    const out = join(root, 'other')
    await expect(trainSemPLeS({ ...config('other'), ...stopAt('classify', 1, 1) })).rejects.toThrow('stopped')
    const before = await metricsOf(out)
    expect(await rejection(trainSemPLeS({ resume: out, precision: 'float32' }))).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'precision',
      value: 'float32',
    })
    const typed = await run(['train', '--resume', out, '--precision', 'float32'], { train: trainSemPLeS })
    expect([typed.status, typed.err.join('\n')]).toEqual([2, expect.stringContaining('--precision')])
    expect(await metricsOf(out)).toEqual(before)
  })

  test('gives masks in its precision, or in the one that is asked for, and they say which', async () => {
    const low = await generateMasks({ run: join(root, 'whole'), out: join(root, 'made') })
    expect(low.pictures).toBeGreaterThan(0)
    expect(JSON.stringify(await jsonOf(root, 'made', 'masks.json'))).toContain('"precision":"bfloat16"')
    expect((await readMask(join(root, 'made', 'p00.png'))).width).toBeGreaterThan(0)
    await generateMasks({ run: join(root, 'whole'), out: join(root, 'plain-masks'), precision: 'float32' })
    expect(JSON.stringify(await jsonOf(root, 'plain-masks', 'masks.json'))).not.toContain('precision')
    // Masks of two precisions are not mixed in one folder.
    await cp(join(root, 'made'), join(root, 'mixed'), { recursive: true })
    expect(
      await rejection(generateMasks({ run: join(root, 'whole'), out: join(root, 'mixed'), precision: 'float32' })),
    ).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS', message: expect.stringContaining('precision differs') })
  })

  test('by the command line', async () => {
    const out = join(root, 'typed')
    const words = ['train', '--data', data.folder, '--preset', 'demo', '--out', out, '--precision', 'bfloat16']
    const ran = await run(words, {
      train: async (options) => {
        expect(options).toMatchObject({ precision: 'bfloat16' })
        return trainSemPLeS({ ...config('typed'), stages: ['classify'], precision: options.precision })
      },
    })
    expect([ran.status, given(ran, 'train').precision]).toEqual([0, 'bfloat16'])
    expect(await jsonOf(out, 'run.json')).toMatchObject({ notes: { precision: 'bfloat16' } })
  })
})
