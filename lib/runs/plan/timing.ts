import type { RunConfig } from '../../config/types.js'
import type { Dataset } from '../../datasets/dataset.js'
import type { Compute } from '../../models/devices.js'
import { Trainer } from '../../models/trainer.js'
import type { Stage } from '../../stages/stage.js'
import { RunModels } from '../runModels.js'
import { stageLoader } from '../runStage.js'

/** Pictures of a timed step: enough to tell, few enough to wait for. */
const PICTURES = 8
const TIMED_STEPS = 2

/**
 * Seconds that a picture takes in each stage, loading included: one step of a few pictures that is not counted, and two
 * that are, in memory. What they train is thrown away.
 */
export async function secondsAPicture(
  config: RunConfig,
  dataset: Dataset,
  compute: Compute,
  stages: readonly Stage[],
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const models = new RunModels(config, dataset, compute)
  const found = new Map<string, number>()
  try {
    for (const stage of stages) found.set(stage.name, await timeStage(config, dataset, models, stage, signal))
  } finally {
    await models.dispose()
  }
  return found
}

async function timeStage(
  config: RunConfig,
  dataset: Dataset,
  models: RunModels,
  stage: Stage,
  signal?: AbortSignal,
): Promise<number> {
  const few = { ...stage, batch: Math.min(stage.batch, PICTURES) }
  const loader = stageLoader({ config, dataset, onProgress: () => undefined }, few)
  using trainer = await Trainer.create({
    ...stage.trainer,
    terms: stage.terms,
    trains: stage.trains,
    generator: await models.generator(),
    ...(stage.needsClip ? { clip: await models.clip(), textIds: await models.textIds() } : {}),
    prompts: stage.needsPrompts ? await models.prompts() : undefined,
  })
  let started = performance.now()
  let steps = 0
  // A data set of fewer pictures is gone through again.
  for (let epoch = 0; steps <= TIMED_STEPS; epoch++)
    for await (const batch of loader.epoch(epoch, 0, signal)) {
      await trainer.step({ ...batch, learningRate: 1e-9 })
      signal?.throwIfAborted()
      if (steps === 0) started = performance.now()
      if (steps++ >= TIMED_STEPS) break
    }
  return (performance.now() - started) / 1000 / (TIMED_STEPS * few.batch)
}
