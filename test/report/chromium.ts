import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from '@jest/globals'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe']

/** The browser that opens reports: the one that SEMPLES_CHROMIUM names, else one on the PATH; undefined without one. */
export function findChromium(): string | undefined {
  const named = process.env.SEMPLES_CHROMIUM
  if (named) return named
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram)
}

/** A block of tests that need the browser; skipped, saying so, on machines without one. */
export function describeInChromium(title: string, body: (program: string) => void): void {
  const program = findChromium()
  if (program === undefined) {
    describe.skip(`${title} (skipped: no Chromium on the PATH, SEMPLES_CHROMIUM is unset)`, () => body(''))
  } else describe(title, () => body(program))
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
