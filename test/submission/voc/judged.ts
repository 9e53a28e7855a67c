import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { python } from '../../support/python.js'

const run = promisify(execFile)

/** What validator.py says of an archive: problems with the files that they are about, and pixel values by id. */
export interface Judged {
  problems: Record<string, string[]>
  values: Record<string, number[]>
}

export async function runPythonFile(name: string, ...parameters: string[]): Promise<string> {
  const { stdout } = await run(python, [join(import.meta.dirname, name), ...parameters], { maxBuffer: 2 ** 28 })
  return stdout
}

/** The judgement of the second judge, by archive without its `.tgz`. */
export async function judgedInPython(
  list: string,
  images: string,
  archives: readonly string[],
): Promise<Record<string, Judged>> {
  return JSON.parse(await runPythonFile('validator.py', list, images, ...archives))
}
