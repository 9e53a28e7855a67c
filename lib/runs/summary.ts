import type { RunManifest } from '../checkpoints/runDirectory.js'
import type { StageName } from '../config/types.js'
import type { JsonlRecord } from '../formats/jsonl.js'

export interface StageSummary<Name extends string = StageName> {
  name: Name
  epochs: number
  /** Steps that changed something. */
  steps: number
  /** Steps without a positive pair, which change nothing; absent where there were none. */
  skipped?: number
  /** Mean loss of the first quarter of the steps, and of the last. */
  firstLoss: number
  lastLoss: number
  /** Wall-clock time of the stage, pauses between sessions included. */
  seconds: number
}

/** What metrics.jsonl and the manifest say of each stage. */
export function summarize<Name extends string>(
  records: readonly JsonlRecord[],
  stages: readonly Name[],
  manifest: Pick<RunManifest, 'stages'>,
): StageSummary<Name>[] {
  return stages.map((name) => {
    const skipped = records.filter((record) => record.stage === name && record.skipped === true).length
    const losses = records.filter((record) => record.stage === name && typeof record.loss === 'number')
    const values = losses.map(({ loss }) => loss as number)
    const quarter = Math.max(1, Math.floor(values.length / 4))
    const state = manifest.stages[name]
    return {
      name,
      epochs: state?.epochs ?? 0,
      steps: values.length,
      ...(skipped > 0 ? { skipped } : {}),
      firstLoss: mean(values.slice(0, quarter)),
      lastLoss: mean(values.slice(-quarter)),
      seconds: state?.finished === undefined ? 0 : (Date.parse(state.finished) - Date.parse(state.started)) / 1000,
    }
  })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
