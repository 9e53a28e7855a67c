import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { searchAddon } from '../../lib/native/addonFile.js'
import { children } from './child.js'
import { describeNative } from './models.js'

describeNative('the addon in several JavaScript environments', () => {
  const run = children()

  test('trains in the main thread and in two worker threads at once', async () => {
    const ending = await run(`
      const body = \`const t = await trainer(tiny); let loss
        for (let i = 0; i < 5; i++) loss = (await t.step(batch(tiny))).loss
        parentPort.postMessage(loss)\`
      const threads = [worker(body), worker(body)]
      const own = await trainer(tiny)
      let loss
      for (let i = 0; i < 5; i++) loss = (await own.step(batch(tiny))).loss
      say([loss, ...(await Promise.all(threads.map(message)))])
      await Promise.all(threads.map((thread) => thread.terminate()))`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const losses = ending.output as number[]
    expect(losses).toHaveLength(3)
    expect(new Set(losses).size).toBe(1)
  })

  test('worker threads may be terminated in the middle of steps', async () => {
    const ending = await run(`
      for (let i = 0; i < 8; i++) {
        const thread = worker(\`const t = await trainer(middle); parentPort.postMessage('begun')
          for (;;) await Promise.all([t.step(batch(middle)), t.step(batch(middle))])\`)
        await message(thread)
        await new Promise((done) => setTimeout(done, 11 * i))
        await thread.terminate()
      }
      const t = await trainer(tiny)
      say((await t.step(batch(tiny))).loss > 0)`)
    expect(ending).toMatchObject({ status: 0, signal: null, output: true })
  })

  test('the process may exit in the middle of a step', async () => {
    const ending = await run(`
      const t = await trainer(middle)
      for (let i = 0; i < 4; i++) t.step(batch(middle)).catch(() => {})
      setTimeout(() => process.exit(7), 15)`)
    expect(ending).toMatchObject({ status: 7, signal: null })
  })

  test('a promise under way keeps the process alive, an idle model does not', async () => {
    const ending = await run(`
      const t = await trainer(tiny)
      t.step(batch(tiny)).then(({ loss }) => say(loss > 0))`)
    expect(ending).toMatchObject({ status: 0, output: true })
  })

  test('two copies of the addon live side by side and refuse each other’s objects', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'semples-copy-'))
    try {
      const original = searchAddon().found!.file
      const copy = join(folder, 'semples.node')
      copyFileSync(original, copy)
      copyFileSync(join(dirname(original), 'semples_loader.node'), join(folder, 'semples_loader.node'))
      const ending = await run(`
        const { loadAddon } = await load('native/load.js')
        const first = loadAddon()
        const { createRequire } = await import('node:module')
        const second = createRequire(${JSON.stringify(copy)})(${JSON.stringify(copy)})
        const own = await second.createGenerator({ ...tiny, seed: 1 })
        const other = await first.createGenerator({ ...tiny, seed: 1 })
        const code = async (make) => { try { await make(); return 'none' } catch (error) { return error.code } }
        const mixed = await code(() => first.createTrainer({ generator: own, terms, trains: 'all' }))
        const logits = await Promise.all([own, other].map(async (g) => [...(await g.forward(batch(tiny), {})).class_logits.data]))
        say({ mixed, same: JSON.stringify(logits[0]) === JSON.stringify(logits[1]) })`)
      expect(ending).toMatchObject({ status: 0, output: { mixed: 'SEMPLES_HANDLE_INVALID', same: true } })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
