import { render } from 'preact-render-to-string'
import { type DrawnPicture, drawPicture } from './images/drawPicture.js'
import { Page } from './page.js'
import type { RunReport } from './runReport.js'

/**
 * The report of a run as one HTML page that opens from disk: it holds its pictures and styles, and asks for no other
 * file, no network and no script. Masks and small pictures are stored as PNG, pictures above 16,384 pixels as
 * WebP; none is stored larger than 640 pixels on its longest side. Missing parts are left out, or replaced by the reason.
 *
 * @throws SemplesError `SEMPLES_MASK_SIZE`, `SEMPLES_MASK_CLASS` where masks and ground truth of a picture do not agree
 */
export async function renderReport(report: RunReport): Promise<string> {
  const pictures: DrawnPicture[] = []
  // One after another, so that only one picture's decoded pixels are in memory.
  for (const picture of report.gallery) pictures.push(await drawPicture(picture, report))
  return `<!doctype html>\n${render(<Page report={report} pictures={pictures} />)}\n`
}
