import type { TrainConfigInput } from '../config/types.js'
import type { ExportFolderOptions, ExportFolderResult } from '../datasets/exportFolder.js'
import type { Evaluation } from '../evaluate/evaluate.js'
import type { RefineFolders, RefineMasksOptions, RefineSummary } from '../refine/types.js'
import type { DemoOptions, DemoResult } from '../runs/demo.js'
import type { EvaluateOptions } from '../runs/evaluate.js'
import type { GenerateMasksOptions, GenerateMasksResult } from '../runs/generateMasks.js'
import type { ReportOptions, ReportResult } from '../runs/report.js'
import type { RunResult, TrainOptions } from '../runs/trainSemPLeS.js'
import type { WriteScenesOptions } from '../scenes/write.js'
import type { EnsureOptions } from './ensureLibTorch.js'
import type { Terminal } from './terminal.js'

/** The long jobs behind the commands: the public API. */
export interface Jobs {
  train(input: TrainConfigInput & TrainOptions): Promise<RunResult>
  masks(options: GenerateMasksOptions): Promise<GenerateMasksResult>
  refine(options: RefineFolders & RefineMasksOptions): Promise<RefineSummary>
  evaluate(options: EvaluateOptions): Promise<Evaluation>
  report(options: ReportOptions): Promise<ReportResult>
  writeScenes(options: WriteScenesOptions): Promise<{ reused: boolean }>
  exportFolder(options: ExportFolderOptions): Promise<ExportFolderResult>
  demo(options: DemoOptions): Promise<DemoResult>
  /** Fetches LibTorch where it is missing. */
  ensureLibTorch(options: EnsureOptions): Promise<void>
}

/** What a command works with. */
export interface Cli {
  jobs: Jobs
  terminal: Terminal
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
  /** Exit status of the command; 0 unless it sets another. */
  status: number
  /** What to say to someone who interrupted the command: how to go on. */
  afterInterrupt?: () => string | undefined
}

/** The jobs of the package, each loaded when it is first asked for. */
export const jobs: Jobs = {
  train: async (input) => (await import('../runs/trainSemPLeS.js')).trainSemPLeS(input),
  masks: async (options) => (await import('../runs/generateMasks.js')).generateMasks(options),
  refine: async (options) => (await import('../refine/refineMasks.js')).refineMasks(options).finished,
  evaluate: async (options) => (await import('../runs/evaluate.js')).evaluate(options),
  report: async (options) => (await import('../runs/report.js')).reportRun(options),
  writeScenes: async (options) => (await import('../scenes/write.js')).writeScenes(options),
  exportFolder: async (options) => (await import('../datasets/exportFolder.js')).exportFolder(options),
  demo: async (options) => (await import('../runs/demo.js')).runDemo(options),
  ensureLibTorch: async (options) => (await import('./ensureLibTorch.js')).ensureLibTorch(options),
}
