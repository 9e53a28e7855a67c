import { describe, expect, test } from '@jest/globals'
import type { ImageBatch } from '../../lib/loader/batch.js'
import type { Loader } from '../../lib/loader/batches.js'
import type { Trainer } from '../../lib/models/trainer.js'
import type { NativeTrainingBatch, StepResult } from '../../lib/native/addon.js'
import { type EpochsOptions, type Position, runEpochs, type StepRecord, stepsOf } from '../../lib/stages/epochs.js'
import { cosineByEpoch } from '../../lib/stages/schedule.js'
import type { Stage } from '../../lib/stages/stage.js'

const stage = { epochs: 3, learningRate: 0.1, schedule: { kind: 'cosine' }, maxSteps: undefined } as unknown as Stage

interface Case {
  stepsPerEpoch?: number
  from?: Position
  /** Called before each step with its epoch and step, counted from 0. */
  load?: (epoch: number, step: number) => void
  train?: (epoch: number, step: number) => void
  options?: Partial<EpochsOptions<ImageBatch, StepResult>>
}

/** Runs the loop over a loader and a trainer that only count. */
async function run({ stepsPerEpoch = 4, from = { epoch: 0, step: 0 }, load, train, options = {} }: Case = {}) {
  const made: [number, number][] = []
  const rates: number[] = []
  const records: StepRecord<StepResult>[] = []
  const saves: Position[] = []
  const loader: Pick<Loader, 'stepsPerEpoch' | 'epoch'> = {
    stepsPerEpoch,
    async *epoch(epoch, fromStep = 0) {
      for (let step = fromStep; step < stepsPerEpoch; step++) {
        load?.(epoch, step)
        yield { count: 2, seed: epoch * 100 + step } as ImageBatch
      }
    },
  }
  const trainer = {
    async step({ seed, learningRate }: NativeTrainingBatch) {
      const [epoch, step] = [Math.floor((seed as number) / 100), (seed as number) % 100]
      train?.(epoch, step)
      made.push([epoch, step])
      rates.push(learningRate)
      return { loss: 1, terms: {}, pairs: 2, skipped: false }
    },
  }
  const result = await runEpochs({
    stage,
    loader: loader as Loader,
    trainer: trainer as Trainer,
    from,
    hooks: {
      onStep: (record) => void records.push(record),
      save: async (position) => void saves.push(position),
    },
    ...options,
  }).then(
    () => undefined,
    (error: unknown) => error,
  )
  return { made, rates, records, saves, error: result }
}

const all = (epochs: number, steps: number) =>
  Array.from({ length: epochs * steps }, (_, index) => [Math.floor(index / steps), index % steps])

describe('the epoch loop', () => {
  test('makes every step once, at the rate of its epoch, and saves at the end of each', async () => {
    const { made, rates, saves, error } = await run()
    expect(error).toBeUndefined()
    expect(made).toEqual(all(3, 4))
    expect(rates).toEqual(all(3, 4).map(([epoch]) => cosineByEpoch(0.1, epoch, 3)))
    expect(saves).toEqual([1, 2, 3].map((epoch) => ({ epoch, step: 0 })))
  })

  test('goes on within an epoch, or at its end', async () => {
    expect((await run({ from: { epoch: 1, step: 3 } })).made).toEqual(all(3, 4).slice(7))
    const atEnd = await run({ from: { epoch: 1, step: 4 } })
    expect(atEnd.made).toEqual(all(3, 4).slice(8))
    // The epoch that was trained but not closed is closed first.
    expect(atEnd.saves[0]).toEqual({ epoch: 2, step: 0 })
    expect(await run({ from: { epoch: 3, step: 0 } })).toMatchObject({ made: [], saves: [] })
  })

  test('ends epochs early after maxSteps', async () => {
    const options = { stage: { ...stage, maxSteps: 2 } }
    expect(stepsOf({ ...options, loader: { stepsPerEpoch: 4 } as Loader })).toBe(2)
    const { made, records } = await run({ options })
    expect(made).toEqual(all(3, 4).filter(([, step]) => step < 2))
    expect(new Set(records.map(({ steps }) => steps))).toEqual(new Set([2]))
    const more = { ...stage, maxSteps: 9 }
    expect((await run({ options: { stage: more } })).made).toHaveLength(12)
  })

  test('tells each step with the speed, and a time left that ends at 0', async () => {
    const { records } = await run()
    expect(records.map(({ epoch, step }) => [epoch, step])).toEqual(all(3, 4).map(([epoch, step]) => [epoch, step + 1]))
    for (const { eta, picturesPerSecond } of records) {
      expect(picturesPerSecond).toBeGreaterThan(0)
      expect(eta).toBeGreaterThanOrEqual(0)
      expect(eta).toBeLessThan(60)
    }
    expect(records.at(-1)?.eta).toBe(0)
  })

  test('saves within long epochs', async () => {
    const { saves } = await run({ options: { saveInterval: -1 } })
    const within = [1, 2, 3].map((step) => ({ epoch: 0, step }))
    expect(saves.slice(0, 4)).toEqual([...within, { epoch: 1, step: 0 }])
    expect(saves).toHaveLength(12)
  })
})

describe('what stops a step', () => {
  test('a picture that cannot be loaded: the steps before are saved, the error is told', async () => {
    const broken = new Error('unreadable')
    const load = (epoch: number, step: number) => {
      if (epoch === 1 && step === 2) throw broken
    }
    const { saves, error } = await run({ load })
    expect(error).toBe(broken)
    expect(saves).toEqual([
      { epoch: 1, step: 0 },
      { epoch: 1, step: 2 },
    ])
  })

  test('right after a save: nothing is saved twice', async () => {
    const load = (_epoch: number, step: number) => {
      if (step === 2) throw new Error('unreadable')
    }
    expect((await run({ load, from: { epoch: 0, step: 2 } })).saves).toEqual([])
    expect((await run({ load, options: { saveInterval: -1 } })).saves).toEqual([
      { epoch: 0, step: 1 },
      { epoch: 0, step: 2 },
    ])
  })

  test('a step that failed half-way is not saved: nobody knows what it changed', async () => {
    const train = (_epoch: number, step: number) => {
      if (step === 2) throw new Error('out of memory')
    }
    const { saves, error } = await run({ train })
    expect(error).toEqual(new Error('out of memory'))
    expect(saves).toEqual([])
  })

  test('nor one that could not be recorded: metrics and checkpoint would come apart', async () => {
    const saves: Position[] = []
    const hooks = {
      onStep: ({ step }: StepRecord<StepResult>) => {
        if (step === 3) throw new Error('disk full')
      },
      save: async (position: Position) => void saves.push(position),
    }
    expect((await run({ options: { hooks } })).error).toEqual(new Error('disk full'))
    expect(saves).toEqual([])
  })

  test('a signal: saved, then its reason; where saving fails too, that is told instead', async () => {
    const controller = new AbortController()
    const train = (epoch: number, step: number) => {
      if (epoch === 0 && step === 1) controller.abort(new Error('enough'))
    }
    const stopped = await run({ train, options: { signal: controller.signal } })
    expect(stopped).toMatchObject({ saves: [{ epoch: 0, step: 2 }], error: new Error('enough') })
    const full = new AbortController()
    const abort = () => full.abort(new Error('enough'))
    const hooks = { onStep: () => undefined, save: () => Promise.reject(new Error('disk full')) }
    const failed = await run({ train: abort, options: { signal: full.signal, hooks } })
    expect(failed.error).toEqual(new Error('disk full'))
  })

  test('of any other error, that error is told though saving fails as well', async () => {
    const load = (_epoch: number, step: number) => {
      if (step === 2) throw new Error('unreadable')
    }
    const hooks = { onStep: () => undefined, save: () => Promise.reject(new Error('disk full')) }
    expect((await run({ load, options: { hooks } })).error).toEqual(new Error('unreadable'))
  })
})
