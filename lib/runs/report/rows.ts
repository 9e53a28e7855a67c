import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { stageOf } from '../../config/stagesOf.js'
import type { RunConfig, StageName } from '../../config/types.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { Placement } from '../../models/devices.js'
import { MaskGenerator } from '../../models/maskGenerator.js'
import { loadWeights } from '../initialWeights.js'
import { generatorConfig } from '../runModels.js'
import { trainedGenerator } from '../trainedGenerator.js'
import type { GatherOptions } from './options.js'

/** A generator of the run with the name of its row in the ablation. */
export interface Row {
  name: string
  description: string
  generator: MaskGenerator
}

/** Names of the stages' masks in an ablation. */
const ROW_NAMES: Partial<Record<StageName, string>> = { classify: 'cam', match: 'matching', guide: 'semples' }

/**
 * The generators of a run in the order of training: after each stage that trains one and has a checkpoint, and with
 * `baseline`, where classification is not part of the run, the one whose weights it starts from. The caller disposes them.
 */
export async function openRows(
  run: RunDirectory,
  config: RunConfig,
  classes: ClassTable,
  on: Placement,
  baseline = true,
): Promise<Row[]> {
  const rows: Row[] = []
  try {
    if (baseline && !config.stages.includes('classify') && config.generator.weights !== 'random') {
      const generator = await MaskGenerator.create(generatorConfig(config, { classes }, on))
      rows.push({ name: 'cam', description: 'the weights that the run starts from', generator })
      await loadWeights(config, 'match', generator, { classes })
    }
    for (const stage of config.stages) {
      const name = ROW_NAMES[stage]
      if (name === undefined || (await run.stage(stage).checkpointPath('best')) === undefined) continue
      const { generator } = await trainedGenerator(run, config, classes, stage, on)
      rows.push({ name, description: stageOf(config, stage).title, generator })
    }
    return rows
  } catch (error) {
    disposeRows(rows)
    throw error
  }
}

/** The last generator of the control run; undefined for scores computed elsewhere. */
export async function openControl(
  control: GatherOptions['control'],
  config: RunConfig,
  classes: ClassTable,
  on: Placement,
): Promise<Row | undefined> {
  if (control === undefined || 'miou' in control) return undefined
  const { generator } = await trainedGenerator(await RunDirectory.open(control.run), config, classes, undefined, on)
  return { name: 'control', description: control.description, generator }
}

export function disposeRows(rows: readonly Row[]): void {
  for (const { generator } of rows) generator.dispose()
}
