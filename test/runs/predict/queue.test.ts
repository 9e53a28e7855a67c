import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { inWork, PredictionQueue } from '../../../lib/runs/predict/queue.js'

interface Item {
  name: number
  together: number
  key?: string
}

/** A model whose requests end when the test says so. */
class Model {
  readonly requests: { names: number[]; signal: AbortSignal; end(error?: Error): void }[] = []

  batchOf({ together, key = '' }: Item) {
    return { together, key }
  }

  async compute(batch: readonly Item[], signal: AbortSignal): Promise<string[]> {
    const names = batch.map(({ name }) => name)
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Error) => (error === undefined ? resolve() : reject(error))
      signal.addEventListener('abort', () => reject(signal.reason))
      this.requests.push({ names, signal, end })
    })
    return names.map((name) => `computed ${name}`)
  }

  get names(): number[][] {
    return this.requests.map(({ names }) => names)
  }

  /** Lets everything through. */
  async flow(until: Promise<unknown>): Promise<void> {
    let over = false
    void until.then(() => {
      over = true
    })
    for (let at = 0; !over; at++) {
      while (this.requests[at] === undefined && !over) await nextTurn()
      this.requests[at]?.end()
      for (let turn = 0; turn < 5; turn++) await nextTurn()
    }
  }
}

const steps = (item: Item, prepare: () => Promise<void> = async () => undefined) => ({
  async prepare() {
    await prepare()
    return item
  },
  finish: async (computed: string) => computed,
})

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn()
}

/** Pictures that come while the model is busy with another. */
async function asked(items: Item[]) {
  const model = new Model()
  const queue = new PredictionQueue(model)
  const before = queue.run(steps({ name: -1, together: 1 }))
  await settle()
  const aborts = items.map(() => new AbortController())
  const results = items.map((item, at) => queue.run(steps(item), aborts[at]!.signal))
  const all = Promise.allSettled(results)
  await settle()
  expect(model.names).toEqual([[-1]])
  /** Lets the model begin with them. */
  const begin = async () => {
    model.requests[0]!.end()
    await before
    await settle()
  }
  return { model, queue, aborts, results, all, begin }
}

const several = (count: number, together: number): Item[] =>
  Array.from({ length: count }, (_, name) => ({ name, together }))

test('those that wait are computed together, in their order', async () => {
  const { model, results, all } = await asked(several(10, 4))
  await model.flow(all)
  expect(await Promise.all(results)).toEqual(several(10, 4).map(({ name }) => `computed ${name}`))
  expect(model.names).toEqual([[-1], [0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
})

test.each([
  ['large ones', several(4, 1), [[-1], [0], [1], [2], [3]]],
  [
    'as many as fit, of different sizes',
    [4, 4, 2, 4, 3, 2].map((together, name) => ({ name, together })),
    [[-1], [0, 1, 2], [3, 4], [5]],
  ],
  [
    'equal settings alone, without overtaking',
    ['a', 'a', 'b', 'a', 'a'].map((key, name) => ({ name, together: 4, key })),
    [[-1], [0, 1], [2], [3, 4]],
  ],
])('%s', async (_, items, expected) => {
  const { model, all } = await asked(items)
  await model.flow(all)
  expect(model.names).toEqual(expected)
})

test('what is not prepared is not waited for, nor overtaken', async () => {
  const model = new Model()
  const queue = new PredictionQueue(model)
  let ready = (): void => undefined
  const slow = new Promise<void>((resolve) => {
    ready = resolve
  })
  const item = (name: number) => ({ name, together: 4 })
  const results = [
    queue.run(steps(item(0))),
    queue.run(steps(item(1))),
    queue.run(steps(item(2), () => slow)),
    queue.run(steps(item(3))),
  ]
  await settle()
  model.requests[0]!.end()
  await Promise.all(results.slice(0, 2))
  await settle()
  expect(model.names).toEqual([[0, 1]])
  ready()
  await model.flow(Promise.all(results))
  expect(model.names).toEqual([
    [0, 1],
    [2, 3],
  ])
})

test('one of a batch that is aborted rejects at once; the request ends when all of it are', async () => {
  const { model, aborts, results, begin } = await asked(several(4, 4))
  await begin()
  const { names, signal } = model.requests[1]!
  expect(names).toEqual([0, 1, 2, 3])
  const reason = (at: number) => new Error(`enough of ${at}`)
  // The first of it too.
  for (const at of [0, 2]) {
    aborts[at]!.abort(reason(at))
    await expect(results[at]).rejects.toThrow(`enough of ${at}`)
  }
  expect(signal.aborted).toBe(false)
  model.requests[1]!.end()
  expect(await Promise.all([results[1], results[3]])).toEqual(['computed 1', 'computed 3'])

  const other = await asked(several(2, 4))
  await other.begin()
  for (const at of [1, 0]) other.aborts[at]!.abort(reason(at))
  await expect(other.results[0]).rejects.toThrow('enough of 0')
  await expect(other.results[1]).rejects.toThrow('enough of 1')
  expect(other.model.requests[1]!.signal.aborted).toBe(true)
})

test('where a batch fails each is computed by itself, so that the error is that of its picture', async () => {
  const { model, results, all, begin } = await asked(several(3, 4))
  await begin()
  model.requests[1]!.end(new Error('one of them'))
  await settle()
  model.requests[2]!.end()
  await settle()
  model.requests[3]!.end(new Error('of picture 1'))
  await model.flow(all)
  expect(model.names).toEqual([[-1], [0, 1, 2], [0], [1], [2]])
  await expect(results[1]).rejects.toThrow('of picture 1')
  expect(await Promise.all([results[0], results[2]])).toEqual(['computed 0', 'computed 2'])
})

test('closing rejects what is in a batch, what waits and what comes', async () => {
  const { model, queue, all, begin } = await asked(several(12, 4))
  await begin()
  queue.close(new Error('closed'))
  const outcomes = await all
  expect(outcomes.map(({ status }) => status)).toEqual(Array(12).fill('rejected'))
  expect(model.requests[1]!.signal.aborted).toBe(true)
  await settle()
  expect(model.requests).toHaveLength(2)
  await expect(queue.run(steps({ name: 0, together: 4 }))).rejects.toThrow('closed')
})

test.each([
  [1, 3],
  [2, 5],
  [3, 7],
  [4, 9],
])('of which %d are computed together, %d are in work', async (together, most) => {
  const model = new Model()
  const queue = new PredictionQueue(model)
  let active = 0
  let seen = 0
  const results = several(30, together).map((item) => {
    const { prepare } = steps(item, async () => {
      seen = Math.max(seen, ++active)
    })
    return queue.run({ prepare, finish: async () => --active })
  })
  await settle()
  await model.flow(Promise.all(results))
  expect(seen).toBe(most)
  expect([queue.wanted, inWork(together)]).toEqual([most, most])
})
