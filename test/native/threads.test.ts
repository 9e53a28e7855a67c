import { expect, test } from '@jest/globals'
import { children } from './child.js'
import { describeNative } from './models.js'

describeNative('threads', () => {
  const node = children()

  test('two workers and the main thread train at once, each as if alone', async () => {
    const body = `
      const one = await trainer(tiny)
      const losses = []
      for (let step = 0; step < 5; step++) losses.push((await one.step(batch(tiny))).loss)
      parentPort.postMessage(losses)`
    const ending = await node(`
      const parentPort = { postMessage: (losses) => (main = losses) }
      let main
      const others = [worker(${JSON.stringify(body)}), worker(${JSON.stringify(body)})].map(message)
      ${body}
      say([main, ...(await Promise.all(others))])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [first, ...others] = ending.output as number[][]
    expect(first).toHaveLength(5)
    expect(others).toEqual([first, first])
  })

  test('a CNN gives a worker thread the losses that it gives the main thread', async () => {
    const body = `
      const config = { kind: 'cnn', width: 0.125, classes: 3, norm: 'live' }
      const generator = await MaskGenerator.create(config)
      const one = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'all', microBatch: 1 })
      const losses = []
      for (let step = 0; step < 3; step++) losses.push((await one.step(batch({ imageSize: 64 }))).loss)
      parentPort.postMessage(losses)`
    const ending = await node(`
      const parentPort = { postMessage: (losses) => (main = losses) }
      let main
      const others = [worker(${JSON.stringify(body)}), worker(${JSON.stringify(body)})].map(message)
      ${body}
      say([main, ...(await Promise.all(others))])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [first, ...others] = ending.output as number[][]
    expect(first!.every(Number.isFinite)).toBe(true)
    expect(others).toEqual([first, first])
  })

  test('a worker that is terminated during a step, at any moment, harms nobody', async () => {
    const body = `
      const one = await trainer(tiny)
      parentPort.postMessage('ready')
      for (;;) await Promise.all([one.step(batch(tiny)), one.step(batch(tiny)), one.optimizerState()])`
    const ending = await node(`
      for (let round = 0; round < 12; round++) {
        const thread = worker(${JSON.stringify(body)})
        await message(thread)
        await new Promise((done) => setTimeout(done, round * 1.7))
        await thread.terminate()
      }
      const { loss } = await (await trainer(tiny)).step(batch(tiny))
      say(Number.isFinite(loss))`)
    expect(ending).toEqual({ status: 0, signal: null, output: true, errors: '' })
  })

  test('one that is terminated within a call, or while an error is made, neither', async () => {
    const bodies = [
      `for (;;) { try { one.native.step({ ...batch(tiny), labels: null }) } catch {} }`,
      `const weights = await (await MaskGenerator.create(tiny)).state()
       const model = (await MaskGenerator.create(tiny)).native
       for (;;) { model.parameters; model.load(weights, {}).catch(() => {}) }`,
      `for (;;) await one.step({ ...batch(tiny), labels: null }).catch(() => {})`,
      `const failing = await Trainer.create({ generator: await MaskGenerator.create(tiny), terms, trains: 'all' })
       const nan = { ...batch(tiny), pixels: undefined, images: { dtype: 'float32', shape: [2, 3, 32, 32],
         data: new Float32Array(2 * 3 * 32 * 32).fill(NaN) } }
       for (;;) await Promise.all(Array.from({ length: 20 }, () => failing.step(nan).catch(() => {})))`,
    ].map((loop) => `const one = await trainer(tiny); parentPort.postMessage('ready'); ${loop}`)
    const ending = await node(`
      for (const body of ${JSON.stringify(bodies)}) {
        for (let round = 0; round < 4; round++) {
          const thread = worker(body)
          await message(thread)
          await new Promise((done) => setTimeout(done, 3 + round * 4.3))
          await thread.terminate()
        }
      }
      say('alive')`)
    expect(ending).toEqual({ status: 0, signal: null, output: 'alive', errors: '' })
  })

  test.each([0, 25, 90])('the process may end %d ms into its steps: with its own exit code', async (delay) => {
    const ending = await node(`
      const one = await trainer(middle)
      for (let step = 0; step < 8; step++) one.step(batch(middle))
      one.optimizerState()
      setTimeout(() => process.exit(7), ${delay})`)
    expect(ending).toEqual({ status: 7, signal: null, output: '', errors: '' })
  })

  test('or by an error that nobody catches', async () => {
    const ending = await node(`
      const one = await trainer(middle)
      for (let step = 0; step < 8; step++) one.step(batch(middle))
      setTimeout(() => { throw new Error('mine') }, 40)`)
    expect(ending).toMatchObject({ status: 1, signal: null, errors: expect.stringContaining('mine') })
  })

  test('a worker may do so, too', async () => {
    const body = `
      const one = await trainer(middle)
      one.step(batch(middle))
      setTimeout(() => process.exit(5), 10)`
    const ending = await node(`
      const thread = worker(${JSON.stringify(body)})
      say(await new Promise((done) => thread.once('exit', done)))`)
    expect(ending).toEqual({ status: 0, signal: null, output: 5, errors: '' })
  })

  test('a pending step keeps the process alive until it is done, and no longer', async () => {
    const ending = await node(`
      const one = await trainer(middle)
      one.step(batch(middle)).then(({ loss }) => say(Number.isFinite(loss)))`)
    expect(ending).toEqual({ status: 0, signal: null, output: true, errors: '' })
  })

  test('an error that nobody takes ends the process as any unhandled rejection does', async () => {
    const ending = await node(`(await trainer(tiny)).step({ ...batch(tiny), labels: new Uint8Array(6).fill(2) })`)
    expect(ending).toMatchObject({ status: 1, signal: null })
    expect(ending.errors).toContain('SEMPLES_ARGUMENT_INVALID')
  })
})
