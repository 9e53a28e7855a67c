import type { RunManifest } from '../../checkpoints/runDirectory.js'
import { stageOf } from '../../config/stagesOf.js'
import type { RunConfig } from '../../config/types.js'
import type { JsonlRecord } from '../../formats/jsonl.js'
import type { StageReport } from '../../report/runReport.js'

/** Loss curves and times of the stages that were started, from metrics.jsonl and the manifest. */
export function stageReports(
  records: readonly JsonlRecord[],
  config: RunConfig,
  { stages }: Pick<RunManifest, 'stages'>,
): StageReport[] {
  return config.stages
    .filter((name) => stages[name] !== undefined)
    .map((name) => {
      const { started, finished, epochs } = stages[name]!
      const steps = records.filter(({ stage, loss }) => stage === name && typeof loss === 'number').map(stepOf)
      return {
        name,
        title: stageOf(config, name).title,
        epochs: epochs ?? steps.at(-1)?.epoch ?? 0,
        seconds: finished === undefined ? 0 : (Date.parse(finished) - Date.parse(started)) / 1000,
        steps,
      }
    })
}

function stepOf({ epoch, step, loss, terms, learningRate }: JsonlRecord): StageReport['steps'][number] {
  return {
    epoch: Number(epoch),
    step: Number(step),
    loss: Number(loss),
    terms: finiteNumbers(terms),
    learningRate: Number(learningRate),
  }
}

function finiteNumbers(terms: unknown): Record<string, number> {
  return Object.fromEntries(Object.entries(terms ?? {}).filter(([, value]) => Number.isFinite(value)))
}
