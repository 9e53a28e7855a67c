import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { type Scores, scores } from '../../evaluate/scores.js'
import { bestPoint, hundredths, SweepCounter } from '../../evaluate/sweep.js'
import type { AblationRow } from '../../report/runReport.js'

/** Scores one row of the ablation at the thresholds 0.00, 0.01, ... 0.99 and the one in use. */
export class AblationScorer {
  private readonly counter: SweepCounter
  private readonly thresholds: number[]
  private pictures = 0

  constructor(
    private readonly classes: ClassTable,
    private readonly threshold: number,
  ) {
    this.thresholds = [...new Set([...hundredths(0, 100), threshold])].sort((one, other) => one - other)
    this.counter = new SweepCounter(idsWithBackground(classes), this.thresholds)
  }

  add(...picture: Parameters<SweepCounter['add']>): void {
    this.counter.add(...picture)
    this.pictures++
  }

  row({ name, description }: Pick<AblationRow, 'name' | 'description'>): AblationRow {
    const judged = scores(this.counter.confusion(this.thresholds.indexOf(this.threshold)))
    const curve = this.counter.curve()
    return {
      name,
      description,
      ...labelledScores(this.classes, judged),
      pictures: this.pictures,
      curve,
      best: bestPoint(curve),
    }
  }
}

/** Mean IoU, and the scores of each class with its label. */
export function labelledScores(
  { classes }: ClassTable,
  { miou, perClass }: Scores,
): Pick<AblationRow, 'miou' | 'perClass'> {
  const labels = ['background', ...classes.map(({ label }) => label)]
  return { miou, perClass: perClass.map((entry, index) => ({ ...entry, label: labels[index]! })) }
}
