import { expect, test } from '@jest/globals'
import { children } from './child.js'
import { describeNative } from './models.js'

describeNative('memory', () => {
  const node = children({ threads: 1 })

  /** Resident megabytes, the median of each third of `rounds` measurements of `body`. */
  const thirds = (rounds: number, body: string) => `
    const sizes = []
    for (let round = 0; round < ${rounds}; round++) {
      ${body}
      if (round % 10 === 0) globalThis.gc()
      sizes.push(process.memoryUsage.rss() / 2 ** 20)
    }
    const median = (part) => part.sort((a, b) => a - b)[part.length >> 1]
    const third = Math.floor(sizes.length / 3)
    say([0, 1, 2].map((index) => median(sizes.slice(index * third, (index + 1) * third))))`

  test.each<[string, string, string]>([
    [
      '300 training steps',
      'const one = await trainer(tiny)',
      'await one.step({ ...batch(tiny), seed: round, details: round % 7 === 0 })',
    ],
    [
      '300 models that are made, used and disposed',
      '',
      `const model = await MaskGenerator.create(tiny)
       await model.forward(batch(tiny))
       model.dispose()`,
    ],
    [
      '300 steps that fail',
      `const one = await trainer(tiny)
       const images = { dtype: 'float32', shape: [2, 3, 32, 32], data: new Float32Array(6144).fill(NaN) }`,
      `await one.step({ ...batch(tiny), pixels: undefined, images }).then(
         () => say('no error'), () => {})
       try { one.native.step({}) } catch {}`,
    ],
  ])('%s: as much at the end as after the beginning', async (_, before, body) => {
    const ending = await node(`${before}; ${thirds(300, body)}`, { flags: ['--expose-gc'] })
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [first, , last] = ending.output as [number, number, number]
    // A leak of one batch or one model a round would be far more.
    expect(last! - first!).toBeLessThan(6)
  })

  // 10 MB of weights each: uncollected, 80 of them would be 800 MB.
  const dropping = (collect: string) => `
    let collected = 0
    const registry = new FinalizationRegistry(() => collected++)
    const start = process.memoryUsage.rss()
    let most = 0
    for (let round = 0; round < 80; round++) {
      const model = await MaskGenerator.create({ ...tiny, width: 256, depth: 3 })
      registry.register(model)
      ${collect}
      most = Math.max(most, process.memoryUsage.rss() - start)
    }
    say([collected, most / 2 ** 20])`

  test('what is dropped without dispose is collected', async () => {
    const collect = `if (round % 5 === 4) { globalThis.gc(); await new Promise((done) => setTimeout(done, 1)) }`
    const ending = await node(dropping(collect), { flags: ['--expose-gc'] })
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [collected, most] = ending.output as [number, number]
    expect(collected).toBeGreaterThan(60)
    expect(most).toBeLessThan(300)
  })

  test('V8 is told of the weights, so that it collects them by itself', async () => {
    const ending = await node(dropping(''))
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [, most] = ending.output as [number, number]
    expect(most).toBeLessThan(500)
  })
})
