import { resolve } from 'node:path'
import { refuseUseless } from '../base/useless.js'
import type { LoggerOption } from '../native/logger.js'
import type { AblationRow, PromptReport } from '../report/runReport.js'
import { requireReportPath, writeReport } from '../report/writeReport.js'
import { gatherReport } from './report/gather.js'
import type { GatherOptions } from './report/options.js'

export interface ReportOptions extends Omit<GatherOptions, 'ablation' | 'control'>, LoggerOption {
  /** The HTML file; an older report is replaced, anything else is not. Default `report.html` in the folder of the run. */
  out?: string
}

export interface ReportResult {
  /** Absolute path of the HTML file. */
  path: string
  /** Pictures in the gallery. */
  pictures: number
  /** Scores of each stage's masks on pictures with ground truth; empty where there is none. */
  ablation: AblationRow[]
  /** Those of the segmentation models in the run's folder, on the same pictures: `segmenter`, `upper bound`. */
  segmenters: AblationRow[]
  /** The learned background prompts with the words nearest to them. */
  prompts: PromptReport[]
  /** Warnings and facts for the reader of the report. */
  notices: string[]
}

/** `reportRun` of the public API, documented in lib/api/runs.ts. */
export async function reportRun({ out, ...options }: ReportOptions): Promise<ReportResult> {
  if (options.gallery === false)
    refuseUseless({ review: options.review }, 'without the gallery, which is what it orders')
  const path = resolve(out ?? `${options.run}/report.html`)
  await requireReportPath(path)
  const report = await gatherReport(options)
  await writeReport(path, report)
  const { gallery, ablation, segmenters = [], prompts, notices } = report
  return { path, pictures: gallery.length, ablation, segmenters, prompts, notices }
}
