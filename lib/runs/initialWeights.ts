import { SemplesError } from '../base/error.js'
import { notice, type OnProgress, warning } from '../base/progress.js'
import { RunDirectory } from '../checkpoints/runDirectory.js'
import type { Checkpoint } from '../checkpoints/stageDirectory.js'
import { stagesOf } from '../config/stagesOf.js'
import type { RunConfig, StageName } from '../config/types.js'
import type { Dataset } from '../datasets/dataset.js'
import { readWeights } from '../formats/stateDict.js'
import type { BackgroundPrompts } from '../models/backgroundPrompts.js'
import { type HeadRows, headRows } from '../models/headRows.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import { weightsMissing } from '../models/missing.js'
import { type LoadedWeights, loadCheckpoint, loadPretrained } from '../models/weights.js'
import type { WeightsReport } from '../models/weightsReport.js'
import { stageKindOf } from '../stages/kinds.js'
import type { Stage } from '../stages/stage.js'
import { weightsFile } from '../weights/find.js'
import { readRunConfig } from './readConfig.js'
import type { RunModels } from './runModels.js'

/** Where a stage takes the generator from: another stage's result, or the configured weights. */
export function weightsSourceOf(stage: StageName, stages: readonly StageName[]): StageName | 'weights' {
  const { startsFrom } = stageKindOf(stage)
  const starts = startsFrom.flatMap((start) => stages.filter((name) => name === start))
  return starts[0] ?? 'weights'
}

/** The configured weights of a run on disk, if a stage that is still to run starts from them. */
export async function weightsToCome(folder: string): Promise<string | undefined> {
  const run = await RunDirectory.open(folder)
  const { generator, stages } = await readRunConfig(run)
  const toCome = stages.filter((name) => run.manifest.stages[name]?.status !== 'done')
  return toCome.some((name) => weightsSourceOf(name, stages) === 'weights') ? generator.weights : undefined
}

/** The CLIP of a run on disk, if a stage that is still to run needs it. */
export async function clipToCome(folder: string): Promise<string | undefined> {
  const run = await RunDirectory.open(folder)
  const config = await readRunConfig(run)
  const toCome = stagesOf(config).filter(({ name }) => run.manifest.stages[name]?.status !== 'done')
  return toCome.some(({ needsClip }) => needsClip) ? config.clip.path : undefined
}

export interface InitialWeightsContext {
  config: RunConfig
  run: RunDirectory
  models: RunModels
  dataset: Pick<Dataset, 'classes'>
  onProgress: OnProgress
}

/** Puts the generator and the prompts where the stage finds them before its first step. */
export async function loadInitialWeights(
  { config, run, models, dataset, onProgress }: InitialWeightsContext,
  stage: Stage,
  generator: MaskGenerator,
  prompts: BackgroundPrompts | undefined,
): Promise<void> {
  const start = weightsSourceOf(stage.name, config.stages)
  if (start !== 'weights') await generator.load((await resultOf(run, start, 'generator')).tensors.generator!)
  else if (config.generator.weights === 'random') await generator.load(await models.initialState())
  else {
    // Published weights do not hold the whole head, and an earlier stage may have trained it.
    if (wantsRows(config)) await generator.load(await models.initialState())
    const { notes, report } = await loadWeights(config, stage.name, generator, dataset)
    for (const { text, warning: warns } of notes) onProgress((warns ? warning : notice)(stage.name, text))
    await run.updateManifest({ notes: { ...run.manifest.notes, loaded: shortReport(report) } })
  }
  if (prompts !== undefined && stage.trains !== 'prompts')
    await prompts.load((await resultOf(run, 'prompt', 'prompts')).tensors.prompts!.prompts!)
}

/**
 * Loads the configured weights, a file or a name of the table: pretrained ones (DeiT, WeakTr, ImageNet classifiers)
 * before the stage that all others start from, a whole checkpoint before any other.
 *
 * @returns what a person should know of it
 */
export async function loadWeights(
  config: RunConfig,
  stage: StageName,
  generator: MaskGenerator,
  { classes }: Pick<Dataset, 'classes'>,
): Promise<LoadedWeights> {
  const path = await weightsFile(config.generator.weights, 'generator', {
    otherwise: weightsMissing(config.generator.kind).hint,
  })
  const { tensors, unread } = await readWeights(path)
  const rows = wantsRows(config) ? headRows(tensors, (await generator.state())[HEAD]!, classes.classes) : undefined
  if (rows === undefined && stageKindOf(stage).startsFrom.length > 0)
    return loadCheckpoint(generator, tensors, path, unread)
  const { report, notes } = await loadPretrained(generator, tensors, path, unread)
  if (rows === undefined) {
    if (wantsRows(config)) throw headMissing(path)
    return { report, notes }
  }
  await generator.load({ [HEAD]: rows.weight }, { strict: false })
  return { report, notes: [{ text: introduction(rows), warning: false }, ...notes] }
}

/** What a manifest keeps of a report: numbers, and the names that a person may ask for. */
function shortReport({ what, matched, renamed, interpolated, dropped, missing, unexpected }: WeightsReport) {
  return {
    what,
    matched: matched.length,
    renamed: renamed.length,
    interpolated: interpolated.map(({ name }) => name),
    dropped: shortList(dropped.map(({ name }) => name)),
    missing: shortList(missing),
    unexpected: shortList(unexpected),
  }
}

const MOST_NAMES = 20

function shortList(names: readonly string[]): readonly string[] {
  return names.length <= MOST_NAMES ? names : [...names.slice(0, MOST_NAMES), `and ${names.length - MOST_NAMES} more`]
}

/** The CAM head of a `cnn`. */
const HEAD = 'classifier.weight'

function wantsRows({ generator }: RunConfig): boolean {
  return 'headStart' in generator && generator.headStart === 'imagenet'
}

function introduction({ found, missing }: HeadRows): string {
  const rows = [...found].map(([label, classes]) => (classes === 1 ? label : `${label} (${classes} classes)`))
  const known = rows.length === 0 ? '' : `what ImageNet's classifier knows of ${rows.join(', ')}`
  const others = missing.length === 0 ? '' : `random numbers for ${missing.join(', ')}, which ImageNet does not name`
  return `the classifier starts from ${[known, others].filter((part) => part !== '').join('; from ')}`
}

function headMissing(file: string): SemplesError {
  return new SemplesError('SEMPLES_CHECKPOINT_MISMATCH', {
    message: "These weights hold no classification head of ImageNet's 1,000 classes that fits the generator.",
    file,
    field: 'generator.headStart',
    value: 'imagenet',
    expected: 'fc.weight or _fc.weight [1000, features] in the file',
    hint: "Give published weights with their head, or generator.headStart: 'random'.",
  })
}

/** The result of an earlier stage: its best epoch where epochs were selected, else its last. */
async function resultOf(run: RunDirectory, stage: StageName, file: string): Promise<Checkpoint> {
  const checkpoint = await run.stage(stage).load('best', [file])
  if (checkpoint?.tensors[file] !== undefined) return checkpoint
  throw new SemplesError('SEMPLES_STAGE_MISSING', {
    message: `This stage needs the result of stage ${stage}, which the run does not have.`,
    file: run.path,
    field: 'stages',
    hint: `Add "${stage}" to the stages.`,
  })
}
