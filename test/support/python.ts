import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** The Python that has torch, from `npm test`; empty where there is none. */
export const python = process.env.SEMPLES_PYTHON ?? ''

/** Runs a script of this repository with the Python environment of `npm test`. */
export async function runScript(script: string, ...parameters: string[]): Promise<string> {
  const { stdout } = await run(python, [join(root, script), ...parameters])
  return stdout
}
