import { SemplesError } from '../base/error.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import type { RunConfig, StageName } from '../config/types.js'
import type { ClassTable } from '../datasets/dataset.js'
import { nativeGenerator } from '../models/generators/kinds.js'
import { MaskGenerator } from '../models/maskGenerator.js'
import { stageKinds } from '../stages/kinds.js'

/** Stages that train the generator, the last one first. */
const generatorStages = stageKinds
  .filter(({ result }) => result === 'generator')
  .map(({ name }) => name)
  .reverse()

export interface TrainedGenerator {
  generator: MaskGenerator
  stage: StageName
}

/**
 * The generator that a run trained: the best epoch where epochs were selected, else the last.
 *
 * @param wanted which stage's; default: the last one that has a checkpoint
 * @throws SemplesError `SEMPLES_STAGE_MISSING` where there is none
 */
export async function trainedGenerator(
  run: RunDirectory,
  config: RunConfig,
  classes: ClassTable,
  wanted: StageName | undefined,
  device: string,
): Promise<TrainedGenerator> {
  for (const stage of wanted === undefined ? generatorStages : [wanted]) {
    const state = (await run.stage(stage).load('best', ['generator']))?.tensors.generator
    if (state === undefined) continue
    const made = { classes: classes.classes.length, device }
    const generator = await MaskGenerator.create(nativeGenerator(config.generator, made))
    await generator.load(state)
    return { generator, stage }
  }
  throw new SemplesError('SEMPLES_STAGE_MISSING', {
    message: 'This run has no trained generator yet.',
    file: run.path,
    field: 'stage',
    value: wanted,
    hint: 'Let training finish its first epoch, or resume it.',
  })
}
