import { copyFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { searchNative } from '../../lib/native/choose.js'
import { temporaryFolder } from '../libtorch/folders.js'
import { children } from './child.js'
import { describeNative } from './models.js'

describeNative('two copies of the addon in one process', () => {
  const node = children()
  let copy = ''
  beforeAll(() => {
    const { file, loader } = searchNative().addon.found!
    const folder = temporaryFolder()
    for (const each of [file, loader]) copyFileSync(each, join(folder, basename(each)))
    copy = join(folder, basename(file))
  })
  afterAll(() => rmSync(join(copy, '..'), { recursive: true, force: true }))

  const both = () => `
    const { createRequire } = await import('node:module')
    const first = (await load('native/load.js')).loadAddon()
    const second = createRequire(import.meta.url)(${JSON.stringify(copy)})
    const config = { terms, trains: 'all' }
    const code = async (run) => { try { await run(); return 'done' } catch (error) { return [error.code, error.field] } }
    const [own, other] = await Promise.all([first, second].map((addon) => addon.createGenerator(tiny)))
    `

  test('both work, at the same time and alike', async () => {
    const ending = await node(`${both()}
      const train = async (addon, generator) => {
        const one = await addon.createTrainer({ ...config, generator })
        const losses = []
        for (let step = 0; step < 4; step++) losses.push((await one.step(batch(tiny))).loss)
        return losses
      }
      say([first === second, ...(await Promise.all([train(first, own), train(second, other)]))])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [same, losses, alike] = ending.output as [boolean, number[], number[]]
    expect(same).toBe(false)
    expect(losses).toHaveLength(4)
    expect(alike).toEqual(losses)
  })

  test('objects of one are refused by the other', async () => {
    const ending = await node(`${both()}
      const prompts = await second.createPrompts({ classes: 3, length: 2, width: 8 })
      const get = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(own), 'parameters').get
      say([
        await code(() => first.createTrainer({ ...config, generator: other })),
        await code(() => second.createTrainer({ ...config, generator: own })),
        await code(() => first.createTrainer({ ...config, generator: own, prompts })),
        await code(() => first.inspection.generatorGradients(other, batch(tiny), {}, {})),
        await code(() => get.call(other)),
        await code(() => first.createTrainer({ ...config, generator: own })),
      ])`)
    const invalid = (field?: string) => ['SEMPLES_ARGUMENT_INVALID', field ?? null]
    expect(ending).toEqual({
      status: 0,
      signal: null,
      output: [invalid('generator'), invalid('generator'), invalid('prompts'), invalid('generator'), invalid(), 'done'],
      errors: '',
    })
  })

  test('one file loaded twice: its objects have different job threads, and are not mixed either', async () => {
    const ending = await node(`${both()}
      const require = createRequire(import.meta.url)
      delete require.cache[${JSON.stringify(copy)}]
      const third = require(${JSON.stringify(copy)})
      say([
        third === second,
        await code(() => third.createTrainer({ ...config, generator: other })),
        await code(async () => third.createTrainer({ ...config, generator: await third.createGenerator(tiny) })),
        await code(() => second.createTrainer({ ...config, generator: other })),
      ])`)
    expect(ending).toMatchObject({
      status: 0,
      output: [false, ['SEMPLES_ARGUMENT_INVALID', 'generator'], 'done', 'done'],
      errors: '',
    })
  })
})
