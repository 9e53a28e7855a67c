import { writeAtomic } from '../base/atomic.js'
import { renderReport } from './renderReport.js'
import type { RunReport } from './runReport.js'

/**
 * Writes the report of a run as one HTML file, whole or not at all. Missing folders are made.
 *
 * @param path of the HTML file; an older one is replaced
 * @throws SemplesError `SEMPLES_WRITE_FAILED` naming the file, and what `renderReport` throws
 */
export async function writeReport(path: string, report: RunReport): Promise<void> {
  await writeAtomic(path, await renderReport(report))
}
