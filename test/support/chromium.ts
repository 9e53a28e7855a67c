import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const { chromium } = JSON.parse(readFileSync(join(import.meta.dirname, 'requirements.json'), 'utf8'))
const names: string[] = chromium.programs

/** The browser that opens reports: the one that SEMPLES_CHROMIUM names, else one on the PATH; undefined without one. */
export function findChromium(): string | undefined {
  const named = process.env.SEMPLES_CHROMIUM
  if (named) return named
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
