import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { RunReport } from '../../lib/report/runReport.js'
import { writeReport } from '../../lib/report/writeReport.js'
import { findChromium } from '../support/chromium.js'
import { needs } from '../support/needs.js'
import { exampleReport } from './exampleReport.js'
import { crowdedReport, emptyReport, unjudgedReport } from './extremes.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// Looking through a long page for accessibility takes ten seconds, and much longer beside other processes.
jest.setTimeout(300_000)

const REPORTS: Record<string, () => RunReport> = {
  'a whole run': () => exampleReport({ pictures: 9 }),
  'pictures without ground truth': unjudgedReport,
  'eighty classes with long names': crowdedReport,
  'a run that has not begun': emptyReport,
}

needs('chromium').describe('reports in Chromium', () => {
  let folder = ''
  let browser: Browser
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semples-report-'))
    // The page is our own; containers seldom allow the browser its sandbox.
    browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  describe.each(Object.keys(REPORTS))('%s', (name) => {
    let page: Page
    let file = ''
    const complaints: string[] = []
    const requests: string[] = []
    beforeAll(async () => {
      file = join(folder, `${name}.html`)
      await writeReport(file, REPORTS[name]())
      page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' })
      page.on('console', (message) => complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('request', (request) => requests.push(request.url()))
      await page.goto(pathToFileURL(file).href)
    })
    afterAll(() => page?.close())

    test('loads without a complaint and asks for nothing else', () => {
      expect(complaints).toEqual([])
      expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(file).href])
    })

    test('shows every picture', async () => {
      const widths = await page.evaluate<number[]>('Array.from(document.images, (image) => image.naturalWidth)')
      expect(widths.length).toBe(picturesOf(REPORTS[name]()))
      expect(widths.filter((width) => width === 0)).toEqual([])
    })

    test.each([390, 768, 1280])('does not scroll sideways at %i pixels', async (width) => {
      await page.setViewportSize({ width, height: 844 })
      await openAll(page)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    })

    test.each(['light', 'dark'] as const)('has no accessibility violation, in %s', async (colorScheme) => {
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.emulateMedia({ colorScheme })
      await openAll(page)
      await page.evaluate(axe)
      const found = await page.evaluate<AxeResults>('axe.run()')
      expect(found.violations.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary])).toEqual([])
      expect(found.passes.length).toBeGreaterThan(10)
    })
  })

  describe('a whole run', () => {
    let page: Page
    beforeAll(async () => {
      const file = join(folder, 'run.html')
      await writeReport(file, exampleReport())
      page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' })
      await page.goto(pathToFileURL(file).href)
    })
    afterAll(() => page?.close())
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')

    test('is dark where the reader prefers it, or asks for it', async () => {
      const light = await ground()
      await page.emulateMedia({ colorScheme: 'dark' })
      const dark = await ground()
      expect(dark).not.toBe(light)
      await page.getByLabel('light').check()
      expect(await ground()).toBe(light)
      await page.emulateMedia({ colorScheme: 'light' })
      await page.getByLabel('dark').check()
      expect(await ground()).toBe(dark)
      await page.getByLabel('auto').check()
      expect(await ground()).toBe(light)
    })

    test('is reached by the keyboard, from the first link to what opens, and left again', async () => {
      await page.reload()
      const reached: string[] = []
      for (let presses = 0; presses < 100; presses++) {
        await page.keyboard.press('Tab')
        const [what, seen] = await page.evaluate<[string, boolean]>(FOCUSED)
        if (what === '' || what === reached[0]) break
        reached.push(what)
        expect({ what, seen }).toEqual({ what, seen: true })
      }
      expect(reached[0]).toBe('Skip to the results')
      expect(reached.length).toBeLessThan(100)
      for (const text of ['auto', 'Pictures', 'Values as a table', 'Resolved configuration'])
        expect(reached).toContain(text)
    })

    test('opens with the keyboard what is closed', async () => {
      const summary = page.getByText('Resolved configuration', { exact: true })
      await summary.focus()
      await page.keyboard.press('Enter')
      expect(await page.locator('pre').isVisible()).toBe(true)
    })

    test('runs no script, whoever brings it', async () => {
      await page.evaluate(`{
        const script = document.createElement('script')
        script.textContent = 'document.title = "taken"'
        document.body.append(script)
      }`)
      expect(await page.title()).toBe(exampleReport({ pictures: 1 }).title)
    })

    test('prints what is closed, and no controls', async () => {
      await page.emulateMedia({ media: 'print' })
      expect(await page.locator('nav').isVisible()).toBe(false)
      const height = await page.evaluate<number>('document.querySelector(".words").getBoundingClientRect().height')
      expect(height).toBeGreaterThan(0)
      await page.emulateMedia({ media: 'screen' })
    })
  })
})

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
  passes: unknown[]
}

/** Text of what has the focus, and whether an outline shows it. */
const FOCUSED = `(() => {
  const element = document.activeElement
  if (!element || element === document.body) return ['', true]
  const shown = element.matches('input') ? element.nextElementSibling : element
  const outline = getComputedStyle(shown)
  return [shown.getAttribute('aria-label') ?? shown.textContent.trim(), outline.outlineStyle !== 'none' && parseFloat(outline.outlineWidth) > 0]
})()`

async function openAll(page: Page): Promise<void> {
  await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true')
}

/** Picture, ground truth, map and mask of each result, overlay, prompt maps. */
function picturesOf({ gallery, prompts }: RunReport): number {
  const known = new Set(prompts.map(({ classId }) => classId))
  return gallery
    .map(({ truth, results, promptMaps }) => {
      const maps = promptMaps.filter(({ classId }) => known.has(classId)).length
      return 1 + (truth ? 1 : 0) + 2 * results.length + (results.length > 0 ? 1 : 0) + maps
    })
    .reduce((sum, value) => sum + value, 0)
}
