import * as api from '../api.js'
import type { RefineFolders, RefineMasksOptions, RefineSummary } from '../refine/types.js'
import type { ExportRunOptions, ExportRunResult } from '../runs/exportRun.js'
import type { CheckVocSubmissionOptions, VocSubmissionCheck } from '../submission/types.js'
import type { EnsureOptions } from './ensureLibTorch.js'
import type { EnsureWeightsOptions } from './ensureWeights.js'
import type { Terminal } from './terminal.js'

/** The long jobs behind the commands: the public API, each function loaded when it is first called. */
export const jobs = {
  train: api.trainSemPLeS,
  plan: api.planTraining,
  masks: api.generateMasks,
  trainSegmenter: api.trainSegmenter,
  predictMasks: api.predictMasks,
  refine: async (options: RefineFolders & RefineMasksOptions): Promise<RefineSummary> =>
    (await import('../refine/refineMasks.js')).refineMasks(options).finished,
  tune: api.tuneRefinement,
  evaluate: api.evaluate,
  report: api.reportRun,
  exportRun: ({ run, ...options }: ExportRunOptions & { run: string }): Promise<ExportRunResult> =>
    api.exportRun(run, options),
  writeVocSubmission: api.writeVocSubmission,
  checkVocSubmission: ({
    archive,
    ...options
  }: CheckVocSubmissionOptions & { archive: string }): Promise<VocSubmissionCheck> =>
    api.checkVocSubmission(archive, options),
  writeCocoResults: api.writeCocoResults,
  writeScenes: api.writeScenes,
  exportFolder: api.exportFolder,
  exportMasks: api.exportMasks,
  checkData: api.checkData,
  inspect: api.inspectFile,
  demo: api.runDemo,
  /** Fetches LibTorch where it is missing. */
  ensureLibTorch: async (options: EnsureOptions): Promise<void> =>
    (await import('./ensureLibTorch.js')).ensureLibTorch(options),
  /** Fetches weights that are named and missing. */
  ensureWeights: async (options: EnsureWeightsOptions): Promise<void> =>
    (await import('./ensureWeights.js')).ensureWeights(options),
}

export type Jobs = typeof jobs

/** What a command works with. */
export interface Cli {
  jobs: Jobs
  terminal: Terminal
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
  /** Exit status of the command; 0 unless it sets another. */
  status: number
  /** What to say to someone who interrupted the command: how to resume. */
  afterInterrupt?: () => string | undefined
}
