import { basename } from 'node:path'
import { oneOf } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import type { RunConfig, StageName } from '../config/types.js'
import type { ClassTable } from '../datasets/dataset.js'
import type { Placement } from '../models/devices.js'
import { nativeGenerator } from '../models/generators/kinds.js'
import { MaskGenerator } from '../models/maskGenerator.js'
import { stageKinds } from '../stages/kinds.js'

/** Stages that train the generator, the last one first. */
const generatorStages = stageKinds
  .filter(({ result }) => result === 'generator')
  .map(({ name }) => name)
  .reverse()

/** Whether a stage trains the generator, not prompts. */
export function trainsGenerator(stage: StageName): boolean {
  return generatorStages.includes(stage)
}

/** Which weights of a run are used. */
export interface TrainedStage {
  stage: StageName
  /** Name of the checkpoint: of the best epoch where epochs were selected, else of the last. */
  checkpoint: string
}

export interface TrainedGenerator extends TrainedStage {
  generator: MaskGenerator
}

/**
 * The weights that a run's masks are made with.
 *
 * @param wanted of which stage; default: the last one that has a checkpoint
 * @throws SemplesError `SEMPLES_STAGE_MISSING` where there is none
 */
export async function trainedStage(run: RunDirectory, wanted: StageName | undefined): Promise<TrainedStage> {
  const others: StageName[] = []
  for (const stage of generatorStages) {
    const path = await run.stage(stage).checkpointPath('best')
    if (path === undefined) continue
    if (wanted === undefined || stage === wanted) return { stage, checkpoint: basename(path) }
    others.push(stage)
  }
  const some = others.length > 0
  throw new SemplesError('SEMPLES_STAGE_MISSING', {
    message: some ? `This run has no generator of stage ${wanted}.` : 'This run has no trained generator yet.',
    file: run.path,
    field: 'stage',
    value: wanted,
    ...(some ? { expected: oneOf(others) } : {}),
    hint: some ? undefined : 'Let training finish its first epoch, or resume it.',
  })
}

/** The generator that a run trained. As `trainedStage`. */
export async function trainedGenerator(
  run: RunDirectory,
  config: RunConfig,
  classes: ClassTable,
  wanted: StageName | undefined,
  { device, precision }: Placement,
): Promise<TrainedGenerator> {
  const trained = await trainedStage(run, wanted)
  const checkpoint = await run.stage(trained.stage).load('best', ['generator'])
  const made = { classes: classes.classes.length, device, precision }
  const generator = await MaskGenerator.create(nativeGenerator(config.generator, made))
  await generator.load(checkpoint!.tensors.generator!)
  return { ...trained, generator }
}
