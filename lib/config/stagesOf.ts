import { kindOfGenerator } from '../models/generators/kinds.js'
import { type StageName, stageKindOf } from '../stages/kinds.js'
import { makeStage, type Stage } from '../stages/stage.js'
import type { RunConfig } from './types.js'

/** The stages of a run, in order, as the configuration describes them. */
export function stagesOf(config: RunConfig): Stage[] {
  return config.stages.map((name) => stageOf(config, name))
}

export function stageOf(config: RunConfig, name: StageName): Stage {
  return makeStage(stageKindOf(name), config[name], {
    generator: kindOfGenerator(config.generator.kind),
    loss: config.loss,
    clipStatistics: config.clip.normalize === 'clip',
    resample: config.loader.resample,
  })
}
