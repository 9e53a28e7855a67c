import { join } from 'node:path'
import { count, oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { packageVersion } from '../../base/package.js'
import type { TensorData, TensorMap } from '../../base/tensor.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { Checkpoint } from '../../checkpoints/stageDirectory.js'
import type { RunConfig, StageName } from '../../config/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { TorchValue } from '../../formats/torchSave.js'
import { kindOfGenerator } from '../../models/generators/kinds.js'
import { stageNames } from '../../stages/kinds.js'
import { readRunConfig } from '../readConfig.js'
import { trainedStage, trainsGenerator } from '../trainedGenerator.js'

/** What an exported file holds of a run. */
export interface ExportedContent {
  /** Of the generator, under the names of its checkpoints. */
  tensors: TensorMap
  /** The learned prompts, float32 [classes, length, width], where stage prompt has trained some. */
  prompts?: TensorData
  facts: ExportedFacts
  stage: StageName
  /** What a reader may take for more than it is. */
  warnings: string[]
}

/** What stands beside the tensors, by its name in the file. */
interface ExportedFacts {
  [name: string]: TorchValue
  /** Labels in the order of class tokens, maps and prompts. */
  classes: string[]
  stage: StageName
  /** Epochs that the stage had finished. */
  epoch: number
  /** Version of semples. */
  semples: string
}

export interface ExportedChoice {
  stage?: StageName
  epoch?: 'best' | 'last'
}

/** Reads what of a run is exported. Needs neither addon nor LibTorch. */
export async function exportedContent(folder: string, choice: ExportedChoice): Promise<ExportedContent> {
  requireChoice(choice)
  const run = await RunDirectory.open(folder)
  const config = await readRunConfig(run)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const { stage } = await trainedStage(run, choice.stage)
  const checkpoint = await chosenEpoch(run, stage, choice.epoch)
  const learned = await run.stage('prompt').load('best', ['prompts'])
  const prompts = learned?.tensors.prompts?.prompts
  const labels = classes.classes.map(({ label }) => label)
  return {
    tensors: checkpoint.tensors.generator!,
    ...(prompts === undefined ? {} : { prompts }),
    facts: {
      classes: labels,
      config: essentials(config, classes),
      stage,
      epoch: checkpoint.epoch,
      semples: packageVersion(),
    },
    stage,
    warnings: [
      ...unfinished(run, config, stage, checkpoint),
      ...(learned === undefined ? [] : unfinished(run, config, 'prompt', learned)),
    ],
  }
}

function requireChoice({ stage, epoch }: ExportedChoice): void {
  const generators = stageNames.filter(trainsGenerator)
  if (stage !== undefined && !generators.includes(stage))
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: stageNames.includes(stage)
        ? `Stage ${stage} trains no generator; its prompts are in every export.`
        : 'There is no such stage.',
      field: 'stage',
      value: stage,
      expected: oneOf(generators),
    })
  if (epoch !== undefined && epoch !== 'best' && epoch !== 'last')
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: 'A run keeps no such epoch.',
      field: 'epoch',
      value: epoch,
      expected: 'best or last',
    })
}

/** @throws SemplesError `SEMPLES_OPTION_INVALID` for the best epoch of a stage whose epochs nobody compared */
async function chosenEpoch(run: RunDirectory, stage: StageName, epoch: ExportedChoice['epoch']): Promise<Checkpoint> {
  // There is one: the stage was chosen by it.
  const checkpoint = (await run.stage(stage).load(epoch ?? 'best', ['generator']))!
  if (epoch !== 'best' || checkpoint.state.best !== undefined) return checkpoint
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `Stage ${stage} has no best epoch: its epochs were not compared.`,
    file: run.path,
    field: 'epoch',
    value: epoch,
    hint: "Leave it out for the last one. Use select: 'miou' in training to have epochs compared, by pixel labels.",
  })
}

/** What one must know to compute with the weights as semples does. No paths: they mean nothing elsewhere. */
function essentials({ generator, cams, masks }: RunConfig, { classes }: ClassTable): TorchValue {
  const { weights: _, ...options } = generator
  const { mean, std } = kindOfGenerator(generator.kind).statistics(generator)
  return {
    ...options,
    classes: classes.length,
    classIds: classes.map(({ id }) => id),
    promptNames: classes.map(({ prompt }) => prompt),
    mean,
    std,
    cams: { ...cams },
    threshold: masks.threshold,
  }
}

function unfinished({ manifest }: RunDirectory, config: RunConfig, stage: StageName, { epoch }: Checkpoint): string[] {
  if (manifest.stages[stage]?.status === 'done') return []
  const { epochs } = config[stage]
  return [`Stage ${stage} is not finished: what is exported of it is from after ${epoch} of ${count(epochs, 'epoch')}.`]
}
