import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { decode } from 'fast-png'
import type { Progress } from '../../lib/base/progress.js'
import { resolveConfig } from '../../lib/config/resolve.js'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { folder } from '../../lib/datasets/folder.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { readNpy } from '../../lib/formats/npy.js'
import { readNpz } from '../../lib/formats/npz.js'
import { readMask } from '../../lib/masks/png.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { type RunResult, trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { shapeClasses, writeShapes } from './shapes.js'
import { filesOf, jsonOf, metricsOf, temporaryFolder, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

describeWithClip('a whole run', () => {
  let root: string
  let data: FolderData & { masks: string }
  let input: TrainConfigInput
  let result: RunResult
  const progress: Progress[] = []
  const out = () => join(root, 'run')

  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    input = tinyRun(data, out(), { clip: await tinyClipArchive() })
    result = await trainSemPLeS({ ...input, onProgress: (event) => progress.push(event) })
  })

  describe('training', () => {
    test('the folder holds config, classes, manifest, metrics and the checkpoints of every stage', async () => {
      const stages = ['classify', 'match', 'prompt', 'guide']
      const files = stages.flatMap((stage) =>
        [
          ...['epoch-0002/optimizer.safetensors', 'epoch-0002/state.json', 'state.json'],
          stage === 'prompt' ? 'epoch-0002/prompts.safetensors' : 'epoch-0002/generator.safetensors',
        ].map((name) => `stages/${stage}/${name}`),
      )
      expect(await filesOf(out())).toEqual(
        ['classes.json', 'config.json', 'labels.json', 'metrics.jsonl', 'run.json', ...files].sort(),
      )
    })

    test('config.json is the config with nothing left open', async () => {
      expect(await jsonOf(out(), 'config.json')).toEqual(JSON.parse(JSON.stringify(resolveConfig(input))))
    })

    test('run.json says what made it, from which seed and data, on what', async () => {
      const { version } = await jsonOf('package.json')
      const manifest = await jsonOf(out(), 'run.json')
      expect(manifest).toMatchObject({
        versions: { semples: version, node: process.version, libtorch: expect.stringMatching(/^\d+\.\d+/) },
        seed: 7,
        data: expect.stringMatching(/^[0-9a-f]{64}$/),
        notes: {
          weights: 'random',
          select: 'last',
          threads: 1,
          device: 'cpu',
          clipActivation: { value: 'quick_gelu', because: expect.stringContaining("the archive's code") },
        },
      })
      expect(Object.keys(manifest.stages as object)).toEqual(['classify', 'match', 'prompt', 'guide'])
      expect(Date.parse(manifest.finished as string)).toBeGreaterThanOrEqual(Date.parse(manifest.created as string))
    })

    test('classes.json holds the table, ids from 1 in alphabetical order', async () => {
      const { classes } = (await jsonOf(out(), 'classes.json')) as { classes: { id: number; label: string }[] }
      expect(classes.map(({ id, label }) => [id, label])).toEqual(
        shapeClasses.map((label, index) => [index + 1, label]),
      )
      expect(result.classes.classes).toEqual(classes)
    })

    test('metrics.jsonl has a record for every step, with the loss as the weighted sum of its terms', async () => {
      const records = await metricsOf(out())
      const expected = ['classify', 'match', 'prompt', 'guide'].flatMap((stage) =>
        [1, 2].flatMap((epoch) => [1, 2].map((step) => [stage, epoch, step])),
      )
      expect(records.map(({ stage, epoch, step }) => [stage, epoch, step])).toEqual(expected)
      const weights: Record<string, number> = { background_text: 2.4, text_prompt: 0.02, foreground_prompt: 0.05 }
      for (const { loss, terms, pairs, learningRate } of records) {
        const sum = Object.entries(terms as Record<string, number>).reduce(
          (total, [name, value]) => total + value * (weights[name] ?? 1),
          0,
        )
        expect(loss).toBeCloseTo(sum, 4)
        expect(pairs).toBeGreaterThanOrEqual(4)
        // Base rate per 512 pictures; epochs 0 and 1 of the schedule share it.
        expect(learningRate).toBe((0.05 * 4) / 512)
      }
    })

    test('the result sums the stages up and says that weights were random', () => {
      expect(result.out).toBe(out())
      expect(result.stages.map(({ name, epochs, steps }) => [name, epochs, steps])).toEqual(
        ['classify', 'match', 'prompt', 'guide'].map((name) => [name, 2, 4]),
      )
      for (const stage of result.stages) expect(Number.isFinite(stage.firstLoss + stage.lastLoss)).toBe(true)
      expect(result.warnings).toContainEqual(expect.stringMatching(/RANDOM weights/))
      expect(result.warnings.join()).not.toMatch(/PIXEL LABELS/)
    })

    test('progress goes forward in every stage, with speed and a finite time left', () => {
      for (const name of ['classify', 'match', 'prompt', 'guide']) {
        const steps = progress.filter(({ stage, step }) => stage === name && step > 0)
        expect(steps.map(({ epoch, step }) => [epoch, step])).toEqual([
          [1, 1],
          [1, 2],
          [2, 1],
          [2, 2],
        ])
        for (const event of steps) {
          expect(event).toMatchObject({ epochs: 2, steps: 2, loss: expect.any(Number) })
          expect(event.picturesPerSecond).toBeGreaterThan(0)
          expect(Number.isFinite(event.eta)).toBe(true)
        }
        expect(steps.map(({ eta }) => eta).at(-1)).toBe(0)
        expect(progress.find(({ stage }) => stage === name)?.message).toMatch(/2 epochs of 2 steps of 4 pictures/)
      }
    })

    test('the same folder again is refused, and nothing in it changes', async () => {
      const before = await readFile(join(out(), 'run.json'), 'utf8')
      await expect(trainSemPLeS(input)).rejects.toMatchObject({ code: 'SEMPLES_RUN_EXISTS', file: out() })
      expect(await readFile(join(out(), 'run.json'), 'utf8')).toBe(before)
    })
  })

  describe('masks', () => {
    test('are indexed PNGs of the size of the picture, with ids of its own labels and 0 alone', async () => {
      const masks = join(root, 'made')
      const events: Progress[] = []
      const made = await generateMasks({
        run: out(),
        out: masks,
        threshold: 0.5,
        onProgress: (event) => events.push(event),
      })
      expect(made).toMatchObject({ out: masks, pictures: 9, unlabelled: 0, threshold: 0.5, stage: 'guide' })
      expect(made.warnings).toContainEqual(expect.stringMatching(/RANDOM weights/))
      const { items } = await folder(data)
      expect(await filesOf(masks)).toEqual([...items.map(({ id }) => `${id}.png`), 'masks.json'].sort())
      const seen = new Set<number>()
      for (const { id, labels } of items) {
        const file = join(masks, `${id}.png`)
        const png = decode(await readFile(file))
        expect(png).toMatchObject({ width: 48, height: 40, channels: 1, depth: 8 })
        // The colours of PASCAL VOC for ids 0 and 1.
        expect(png.palette?.slice(0, 2)).toEqual([
          [0, 0, 0],
          [128, 0, 0],
        ])
        const ids = new Set((await readMask(file)).data)
        const allowed = [0, ...labels.map((index) => index + 1)]
        expect(allowed).toEqual(expect.arrayContaining([...ids]))
        for (const value of ids) seen.add(value)
      }
      // Random or not, every class occurs somewhere: each map reaches 1 at its highest point.
      expect([...seen].sort()).toEqual([0, 1, 2, 3])
      const steps = events.filter(({ step }) => step > 0)
      expect(steps.map(({ step, steps: total }) => [step, total])).toEqual(items.map((_, index) => [index + 1, 9]))
      expect(await jsonOf(masks, 'masks.json')).toMatchObject({ run: out(), threshold: 0.5, stage: 'guide' })
    })

    test('come with their scores as .npy or .npz, of which they are the thresholded maps', async () => {
      const npy = join(root, 'npy')
      const npz = join(root, 'npz')
      await generateMasks({ run: out(), out: npy, cams: true })
      await generateMasks({ run: out(), out: npz, cams: 'npz' })
      for (const { id, labels } of (await folder(data)).items) {
        const stack = await readNpy(join(npy, `${id}.npy`))
        expect(stack).toMatchObject({ dtype: 'float32', shape: [labels.length, 40, 48] })
        const maps = await readNpz(join(npz, `${id}.npz`))
        expect(Object.keys(maps)).toEqual(labels.map((index) => String(index + 1)))
        const { data: ids } = await readMask(join(npy, `${id}.png`))
        labels.forEach((index, at) => {
          const map = stack.data.subarray(at * 1920, (at + 1) * 1920) as Float32Array
          expect(maps[String(index + 1)]).toEqual({ dtype: 'float32', shape: [40, 48], data: map })
          // (x - min) / (max - min + 1e-8): a little below 1 where all scores are small.
          expect(Math.min(...map)).toBe(0)
          expect(Math.abs(Math.max(...map) - 0.98)).toBeLessThanOrEqual(0.02)
          // Where the mask shows the class, its score is above the threshold of the run.
          map.forEach((score, pixel) => {
            if (ids[pixel] === index + 1) expect(score).toBeGreaterThan(0.45)
          })
        })
      }
    })

    test('of another stage by option', async () => {
      const made = await generateMasks({ run: out(), out: join(root, 'match'), stage: 'match', cams: true })
      expect(made.stage).toBe('match')
      const [match, refine] = await Promise.all(
        ['match', 'npy'].map(async (name) => (await readNpy(join(root, name, 'p00.npy'))).data),
      )
      expect(match).not.toEqual(refine)
      await expect(generateMasks({ run: out(), out: join(root, 'none'), stage: 'prompt' })).rejects.toMatchObject({
        code: 'SEMPLES_STAGE_MISSING',
        field: 'stage',
        value: 'prompt',
      })
      expect(await filesOf(join(root, 'none'))).toEqual([])
    })

    test('of other pictures with the same classes; other classes are refused', async () => {
      const elsewhere = await temporaryFolder()
      const others = await writeShapes(elsewhere, { count: 3, width: 33, height: 57, seed: 1 })
      const made = await generateMasks({ run: out(), out: join(root, 'others'), data: others })
      expect(made.pictures).toBe(3)
      expect(await readMask(join(root, 'others/p02.png'))).toMatchObject({ width: 33, height: 57 })
      const foreign = await writeShapes(await temporaryFolder(), { count: 2, seed: 2 })
      await writeFile(foreign.labels!, 'file,labels\np00.png,bar\np01.png,zebra\n')
      await expect(generateMasks({ run: out(), out: join(root, 'foreign'), data: foreign })).rejects.toMatchObject({
        code: 'SEMPLES_CLASSES_DIFFER',
        value: 'zebra',
      })
      expect(await filesOf(join(root, 'foreign'))).toEqual([])
    })

    test('are judged against the drawn ones, as masks and as maps', async () => {
      const masks = await evaluate({ masks: join(root, 'npy'), groundTruth: data })
      expect(masks.pictures).toBe(9)
      expect(masks.perClass.map(({ label }) => label)).toEqual(['background', ...shapeClasses])
      expect(masks.miou).toBeGreaterThan(0)
      const swept = await evaluate({ cams: join(root, 'npy'), groundTruth: data })
      const named = { cams: join(root, 'npz'), groundTruth: data.masks, classes: join(out(), 'classes.json') }
      expect(await evaluate(named)).toEqual(swept)
      // The masks were cut at 0.45, a point of the sweep.
      expect(swept.curve?.find(({ threshold }) => threshold === 0.45)?.miou).toBe(masks.miou)
    })
  })

  test('nothing but the run folder was written beside the data', async () => {
    expect((await stat(join(root, 'pictures'))).isDirectory()).toBe(true)
    expect((await filesOf(join(root, 'pictures'))).every((name) => name.endsWith('.png'))).toBe(true)
  })
})
