import { writeAtomic } from '../base/atomic.js'
import { requireOwnFile } from '../base/outputs.js'
import { renderReport } from './renderReport.js'
import type { RunReport } from './runReport.js'

/**
 * Writes the report of a run as one HTML file, whole or not at all. Missing folders are made.
 *
 * @param path of the HTML file; an older report is replaced, anything else is not
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS`, `SEMPLES_WRITE_FAILED` naming the file, and what `renderReport` throws
 */
export async function writeReport(path: string, report: RunReport): Promise<void> {
  await requireReportPath(path)
  await writeAtomic(path, await renderReport(report))
}

/** What `Page` writes into the head. */
const GENERATOR = '<meta name="generator" content="semples"'

/**
 * Whether a report may be written there: told before the work that goes into one.
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` where there is something that is no report of semples
 */
export function requireReportPath(path: string): Promise<void> {
  return requireOwnFile(path, (bytes) => bytes.subarray(0, 1024).includes(GENERATOR))
}
