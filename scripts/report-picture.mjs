// Writes the picture of README.md: the first samples of a report, as a browser shows them.
//
//     node scripts/report-picture.mjs runs/demo-100/report.html docs/images/demo.png [samples]
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const [report, out, samples = '3'] = process.argv.slice(2)
if (out === undefined) {
  console.error('Say which report, and where to write: node scripts/report-picture.mjs REPORT.html PICTURE.png')
  process.exit(2)
}
const browser = await chromium.launch({ executablePath: process.env.SEMPLES_CHROMIUM ?? '/usr/bin/chromium' })
try {
  const page = await browser.newPage({ viewport: { width: 1180, height: 900 } })
  await page.goto(pathToFileURL(path.resolve(report)).href)
  const boxes = await page.locator('.sample').evaluateAll((all) => all.map((each) => each.getBoundingClientRect()))
  const shown = boxes.slice(0, Number(samples))
  const top = shown[0].y
  await page.screenshot({
    path: out,
    fullPage: true,
    clip: { x: shown[0].x - 8, y: top, width: shown[0].width + 16, height: shown.at(-1).bottom - top },
  })
} finally {
  await browser.close()
}
