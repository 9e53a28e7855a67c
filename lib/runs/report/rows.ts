import { trainedGenerator } from '../../cam/trainedGenerator.js'
import type { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { RunConfig, StageName } from '../../config/types.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { type Scores, scores } from '../../evaluate/scores.js'
import { bestPoint, hundredths, SweepCounter } from '../../evaluate/sweep.js'
import { MaskGenerator } from '../../models/maskGenerator.js'
import type { JudgedRow } from '../../report/runReport.js'
import { stageOf } from '../../stages/stage.js'
import { generatorConfig } from '../inputs.js'
import { loadWeights } from '../start.js'

/** A generator of the run, under the name that its row has. */
export interface Row {
  name: string
  description: string
  generator: MaskGenerator
}

/** Names of the stages' masks in an ablation. */
const ROW_NAMES: Partial<Record<StageName, string>> = { classify: 'cam', match: 'matching', refine: 'semples' }

/**
 * The generators of a run in the order of training: after each stage that trains one and has a checkpoint, and with
 * `baseline`, where classification is not part of the run, the one whose weights it starts from. The caller disposes them.
 */
export async function openRows(
  run: RunDirectory,
  config: RunConfig,
  classes: ClassTable,
  device: string,
  baseline = true,
): Promise<Row[]> {
  const rows: Row[] = []
  try {
    if (baseline && !config.stages.includes('classify') && config.generator.weights !== 'random') {
      const generator = await MaskGenerator.create(generatorConfig(config, { classes }, device))
      rows.push({ name: 'cam', description: 'the weights that the run starts from', generator })
      await loadWeights(config, 'match', generator)
    }
    for (const stage of config.stages) {
      const name = ROW_NAMES[stage]
      if (name === undefined || (await run.stage(stage).checkpointPath('best')) === undefined) continue
      const { generator } = await trainedGenerator(run, config, classes, stage, device)
      rows.push({ name, description: stageOf(config, stage).title, generator })
    }
    return rows
  } catch (error) {
    disposeRows(rows)
    throw error
  }
}

export function disposeRows(rows: readonly Row[]): void {
  for (const { generator } of rows) generator.dispose()
}

/** Counts what is judged: every threshold from 0.00 to 0.99, and the one in use. */
export class RowJudge {
  private readonly counter: SweepCounter
  private readonly thresholds: number[]
  private pictures = 0

  constructor(
    private readonly classes: ClassTable,
    private readonly threshold: number,
  ) {
    this.thresholds = [...new Set([...hundredths(0, 100), threshold])].sort((one, other) => one - other)
    this.counter = new SweepCounter([0, ...classes.classes.map(({ id }) => id)], this.thresholds)
  }

  add(...picture: Parameters<SweepCounter['add']>): void {
    this.counter.add(...picture)
    this.pictures++
  }

  row({ name, description }: Pick<Row, 'name' | 'description'>): JudgedRow {
    const judged = scores(this.counter.confusion(this.thresholds.indexOf(this.threshold)))
    const curve = this.counter.curve()
    return {
      name,
      description,
      ...namedScores(this.classes, judged),
      pictures: this.pictures,
      curve,
      best: bestPoint(curve),
    }
  }
}

/** Mean IoU, and the figures of each class with its label. */
export function namedScores({ classes }: ClassTable, { miou, perClass }: Scores): Pick<JudgedRow, 'miou' | 'perClass'> {
  const labels = ['background', ...classes.map(({ label }) => label)]
  return { miou, perClass: perClass.map((entry, index) => ({ ...entry, label: labels[index]! })) }
}
