import { readdirSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { NativeDenseCrf, NativeRefined, NativeRefineRequest } from '../../lib/native/addon.js'
import { loadAddon } from '../../lib/native/load.js'
import { needs } from '../support/needs.js'
import { expectFreeLoop, watchLoop } from '../support/processorTime.js'
import { children } from './child.js'
import { smoothImage } from './denseCrfReference.js'
import { describeNative } from './models.js'

const method: NativeDenseCrf = {
  kind: 'crf',
  gaussian: [{ sxy: [3, 3], compat: 3 }],
  bilateral: [{ sxy: [30, 30], srgb: [6, 6, 6], compat: 8 }],
  iterations: 5,
}

/** A picture of its own for every seed. */
function request(seed: number, height: number, width: number, more: Partial<NativeRefineRequest> = {}) {
  const channels = 2 + (seed % 3)
  const values = Float32Array.from({ length: channels * height * width }, (_, i) => ((i * (seed + 7)) % 101) / 101)
  const source = { values, channels, height, width }
  return { image: smoothImage(height, width, seed, 9), height, width, source, method, scores: true, ...more }
}

const refine = (one: NativeRefineRequest): Promise<NativeRefined> => loadAddon().refine(one).result

describeNative('refinements beside each other', () => {
  test('many at once give what each gives alone', async () => {
    const requests = Array.from({ length: 24 }, (_, i) => request(i, 20 + i, 45 - i, { threads: 1 + (i % 2) }))
    const alone: NativeRefined[] = []
    for (const one of requests) alone.push(await refine(one))
    const together = await Promise.all(requests.map(refine))
    for (const [i, { labels, scores }] of together.entries()) {
      expect(labels).toEqual(alone[i]!.labels)
      expect(scores).toEqual(alone[i]!.scores)
    }
  })

  const threads = () => readdirSync('/proc/self/task').length
  needs('linux').test('their threads are used again, not added to', async () => {
    const round = () => Promise.all(Array.from({ length: 12 }, (_, i) => refine(request(i, 120, 130, { threads: 2 }))))
    // Which threads a round needs is for the scheduler to say; after a few all are there.
    for (let i = 0; i < 4; i++) await round()
    const before = threads()
    const rounds = 12
    for (let i = 0; i < rounds; i++) await round()
    expect(threads() - before).toBeLessThan(rounds)
  })

  test('one that is interrupted rejects, others go on; interrupting again or too late is harmless', async () => {
    const slow = request(1, 200, 220, { method: { ...method, iterations: 100_000 } })
    const running = loadAddon().refine(slow)
    const other = refine(request(2, 40, 50))
    setTimeout(() => running.interrupt(), 60)
    await expect(running.result).rejects.toMatchObject({ code: 'SEMPLES_INTERRUPTED' })
    running.interrupt()
    expect((await other).labels).toHaveLength(2000)
    const done = loadAddon().refine(request(2, 40, 50))
    await done.result
    done.interrupt()
  })

  test('those that still wait are interrupted without having begun', async () => {
    const long = { ...method, iterations: 100_000 }
    const running = Array.from({ length: 40 }, (_, i) => loadAddon().refine(request(i, 60, 60, { method: long })))
    for (const one of running) one.interrupt()
    const endings = await Promise.allSettled(running.map(({ result }) => result))
    expect(endings.map((one) => one.status === 'rejected' && one.reason.code)).toEqual(
      Array(40).fill('SEMPLES_INTERRUPTED'),
    )
  })

  test('the event loop goes on: while the buffers of a large result are filled, too', async () => {
    const one = request(5, 600, 700, { threads: 1 })
    const seen = await watchLoop(() => refine(one))
    expectFreeLoop(seen)
    const { scores, labels } = seen.result
    // Filled to the end, in both arrays.
    const values = scores!.data as Float32Array
    const last = labels.length - 1
    const at = (label: number) => values[label * labels.length + last]!
    expect(at(labels[last]!)).toBe(Math.max(...Array.from({ length: scores!.shape[0]! }, (_, l) => at(l))))
  })
})

describeNative('refinements in processes and workers', () => {
  const node = children()
  const setup = `
    const addon = (await load('native/load.js')).loadAddon()
    const [height, width] = [150, 160]
    const image = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i >> 6) * 3)
    const values = Float32Array.from({ length: 3 * height * width }, (_, i) => (i * 13 % 97) / 97)
    const crf = { kind: 'crf', iterations: 5, gaussian: [{ sxy: [3, 3], compat: 3 }],
      bilateral: [{ sxy: [30, 30], srgb: [5, 5, 5], compat: 5 }] }
    const request = { image, height, width, method: crf, source: { values, channels: 3, height, width } }
    const long = { ...request, method: { ...crf, iterations: 1e6 }, threads: 2 }
    const sum = ({ labels }) => labels.reduce((total, label, i) => total + label * (i % 7 + 1), 0)
    `

  test('two workers and the main thread refine at once, alike', async () => {
    const body = `${setup} parentPort.postMessage(
      (await Promise.all([1, 2, 1, 1].map((threads) => addon.refine({ ...request, threads }).result))).map(sum))`
    const ending = await node(`
      const parentPort = { postMessage: (value) => (main = value) }
      let main
      const others = [worker(${JSON.stringify(body)}), worker(${JSON.stringify(body)})].map(message)
      ${body}
      say([main, ...(await Promise.all(others))])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [first, ...others] = ending.output as number[][]
    expect(first![0]).toBeGreaterThan(0)
    expect(others.map((each) => each[0])).toEqual([first![0], first![0]])
  })

  test('a worker that is terminated during refinements ends soon and harms nobody', async () => {
    const body = `${setup}
      for (let i = 0; i < 8; i++) addon.refine(long).result.catch(() => {})
      parentPort.postMessage('ready')`
    const ending = await node(`${setup}
      for (let round = 0; round < 5; round++) {
        const thread = worker(${JSON.stringify(body)})
        await message(thread)
        await new Promise((done) => setTimeout(done, round * 13))
        await thread.terminate()
      }
      say(sum(await addon.refine(request).result) > 0)`)
    expect(ending).toEqual({ status: 0, signal: null, output: true, errors: '' })
  })

  test('the process may end at any moment, with its own exit code', async () => {
    const ending = await node(`${setup}
      for (let i = 0; i < 8; i++) addon.refine(long).result.catch(() => {})
      setTimeout(() => process.exit(7), 40)`)
    expect(ending).toEqual({ status: 7, signal: null, output: '', errors: '' })
  })

  test('a refinement keeps the process alive until it is done, and no longer', async () => {
    const ending = await node(`${setup} addon.refine(request).result.then((result) => say(sum(result) > 0))`)
    expect(ending).toEqual({ status: 0, signal: null, output: true, errors: '' })
  })

  test('they run beside training steps', async () => {
    // A step is under way and another one waits until the refinement is done: one that waits for them never ends.
    const ending = await node(`${setup}
      const one = await trainer(middle)
      let refined = false
      let step = one.step(batch(middle))
      const small = addon.refine({ ...request, image: image.slice(0, 48), height: 4, width: 4 }).result
      small.then(() => (refined = true))
      while (!refined) {
        const next = one.step(batch(middle))
        await step
        step = next
      }
      await step
      say((await small).labels.length)`)
    expect(ending).toMatchObject({ status: 0, errors: '', output: 16 })
  })

  test('threads of a refinement are its own: what models and threads to come use stays', async () => {
    const body = `${setup} parentPort.postMessage(addon.runtimeInfo().threads)`
    const ending = await node(`${setup}
      const before = addon.runtimeInfo().threads
      await addon.setThreads(2)
      await Promise.all([3, 1, 5].map((threads) => addon.refine({ ...request, threads }).result))
      say([await message(worker(${JSON.stringify(body)})), addon.runtimeInfo().threads - before])`)
    expect(ending).toEqual({ status: 0, signal: null, output: [2, 0], errors: '' })
  })

  needs('linux').test('threads of one refinement share its work', async () => {
    // In processor time of each thread, which a busy machine does not change: threads that wait sleep (see child.ts).
    const ending = await node(`${setup}
      const { readdirSync, readFileSync } = await import('node:fs')
      const times = () => new Map(readdirSync('/proc/self/task').map((id) =>
        [id, Number(readFileSync('/proc/self/task/' + id + '/schedstat', 'utf8').split(' ')[0])]))
      const shares = async (threads) => {
        const before = times()
        await addon.refine({ ...request, method: { ...crf, iterations: 200 }, threads }).result
        const spent = [...times()].map(([id, time]) => time - (before.get(id) ?? 0))
        return spent.sort((one, other) => other - one).slice(0, 2)
      }
      say([await shares(1), await shares(2)])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [[alone, other], [first, second]] = ending.output as [number, number][]
    expect(other).toBeLessThan(alone / 5)
    expect(second).toBeGreaterThan(first / 2)
  })

  needs('linux').test('exactly one libgomp is mapped, threads or not', async () => {
    const ending = await node(`${setup}
      await addon.refine({ ...request, threads: 2 }).result
      const maps = (await import('node:fs')).readFileSync('/proc/self/maps', 'utf8')
      say([...new Set(maps.split('\\n').map((line) => line.split(/ +/)[5]).filter((file) => /gomp|omp5/.test(file)))].length)`)
    expect(ending).toEqual({ status: 0, signal: null, output: 1, errors: '' })
  })

  test('a second copy of the addon in the process refuses to refine; the first goes on', async () => {
    const ending = await node(`${setup}
      const { copyFileSync, mkdtempSync, rmSync } = await import('node:fs')
      const { createRequire } = await import('node:module')
      const folder = mkdtempSync((await import('node:os')).tmpdir() + '/semples-copy-')
      copyFileSync(process.env.SEMPLES_ADDON, folder + '/copy.node')
      const copy = createRequire(import.meta.url)(folder + '/copy.node')
      await addon.refine(request).result
      const code = await copy.refine(request).result.catch((error) => error.code)
      say([code, sum(await addon.refine(request).result) > 0])
      rmSync(folder, { recursive: true })`)
    expect(ending).toEqual({ status: 0, signal: null, output: ['SEMPLES_TWO_COPIES', true], errors: '' })
  })

  // No two pixels of noise share a lattice point: its lattice is the largest there is.
  const noise = `
    const addon = (await load('native/load.js')).loadAddon()
    const [height, width] = [1000, 1200]
    let state = 1
    const random = () => (state = (state * 48271) % 2147483647) >> 8
    const noise = { height, width, image: new Uint8Array(height * width * 3).map(random),
      source: { values: new Float32Array(3 * height * width).fill(0.5), channels: 3, height, width },
      method: { kind: 'crf', iterations: 0, gaussian: [],
        bilateral: [{ sxy: [50, 50], srgb: [5, 5, 5], compat: 10 }] } }
    // Of the processor: what others take from the clock does not count.
    const seconds = () => process.cpuUsage().user / 1e6
    `

  needs('linux').test('a lattice that exceeds the memory limit is given up while it is built', async () => {
    const ending = await node(`${noise}
      const { readFileSync } = await import('node:fs')
      const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
      const before = peak()
      const memoryLimit = 200e6
      const error = await addon.refine({ ...noise, memoryLimit }).result.catch((error) => error)
      const taken = peak() - before
      const { profile } = await addon.refine({ ...noise, profile: true }).result
      say([error.code, taken / memoryLimit, Number.parseInt(error.value) / profile.bytes])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [code, taken, estimate] = ending.output as [string, number, number]
    expect(code).toBe('SEMPLES_MEMORY_LIMIT')
    expect(taken).toBeLessThan(1.2)
    // The need is told from the part of the picture that was looked at.
    expect(estimate).toBeGreaterThan(0.8)
    expect(estimate).toBeLessThan(1.25)
  })

  test('an interruption does not wait for the lattice', async () => {
    const ending = await node(`${noise}
      const taken = async (running) => {
        const start = seconds()
        const code = await running(start).result.catch((error) => error.code)
        return [code, seconds() - start]
      }
      const [, whole] = await taken(() => addon.refine(noise))
      const [code, part] = await taken((start) => {
        const running = addon.refine(noise)
        // Amid the lattice, however fast it is built.
        const timer = setInterval(() => {
          if (seconds() - start < whole / 20) return
          running.interrupt()
          clearInterval(timer)
        }, 1)
        return running
      })
      say([code, part / whole])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [code, part] = ending.output as [string, number]
    expect(code).toBe('SEMPLES_INTERRUPTED')
    expect(part).toBeLessThan(0.5)
  })

  test('what they keep for the next picture is given back when their environment ends', async () => {
    const body = `${setup}
      const [h, w] = [700, 800]
      const many = new Float32Array(8 * h * w).fill(0.5)
      await addon.refine({ ...request, image: new Uint8Array(h * w * 3).map((_, i) => i * 31), height: h, width: w,
        source: { values: many, channels: 8, height: h, width: w } }).result
      parentPort.postMessage(process.memoryUsage.rss() / 2 ** 20)
      await new Promise((done) => parentPort.once('message', done))`
    const ending = await node(`${setup}
      await addon.refine(request).result
      const before = process.memoryUsage.rss() / 2 ** 20
      const thread = worker(${JSON.stringify(body)})
      const during = await message(thread)
      thread.postMessage('end')
      await new Promise((done) => thread.once('exit', done))
      say([during - before, process.memoryUsage.rss() / 2 ** 20 - before])`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    const [during, after] = ending.output as [number, number]
    expect(during).toBeGreaterThan(100)
    expect(after).toBeLessThan(during / 2)
  })
})
