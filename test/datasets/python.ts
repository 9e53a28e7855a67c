import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { python } from '../support/python.js'

/** Runs lines of Python, with the environment of `npm test`. */
export async function runPython(code: string, ...parameters: string[]): Promise<void> {
  await promisify(execFile)(python, ['-c', code, ...parameters])
}
