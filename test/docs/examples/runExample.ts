import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { compileFolders } from '../../support/compiled.js'
import { repository } from './publicApi.js'

const run = promisify(execFile)

/** A line that an example prints: the line of its code, counted from 1, and the text. */
export type Printed = [line: number, text: string]

/** Console.log says which line of the example it was called from. */
const RECORDER = `
import { format } from 'node:util'
console.log = (...values) => {
  const [, line] = /example\\.mjs:(\\d+)/.exec(new Error().stack)
  process.stdout.write(JSON.stringify([Number(line), format(...values)]) + '\\n')
}
`

/** The package as it is installed, made of lib/ as it is now; the caller removes it. */
export async function makePackage(): Promise<string> {
  const folders = await readdir(join(repository, 'lib'), { withFileTypes: true })
  const root = compileFolders(folders.filter((entry) => entry.isDirectory()).map(({ name }) => name))
  const compiled = (await readdir(root)).filter((name) => name !== 'package.json')
  await mkdir(join(root, 'dist'))
  for (const name of compiled) await rename(join(root, name), join(root, 'dist', name))
  for (const name of ['models', 'build', 'prebuilds']) await symlink(join(repository, name), join(root, name))
  await cp(join(repository, 'package.json'), join(root, 'package.json'))
  await writeFile(join(root, 'recorder.mjs'), RECORDER)
  return root
}

/**
 * Runs an example as a program of its own in a folder of a project that has semples installed.
 * @throws what `execFile` rejects with, standard error in it, where the program fails
 */
export async function runExample(code: string, folder: string, semples: string): Promise<Printed[]> {
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  await symlink(semples, join(folder, 'node_modules/semples'))
  await writeFile(join(folder, 'example.mjs'), code)
  const recorder = pathToFileURL(join(semples, 'recorder.mjs')).href
  const env = { OMP_WAIT_POLICY: 'passive', ...process.env }
  const { stdout } = await run(process.execPath, ['--import', recorder, 'example.mjs'], { cwd: folder, env })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** What the comments behind `console.log(...)` say that it prints, by line. */
export function announced(code: string): { line: number; text: string | undefined }[] {
  return code.split('\n').flatMap((text, index) => {
    if (!text.includes('console.log(')) return []
    return [{ line: index + 1, text: /console\.log\(.*\) \/\/ (.*)$/.exec(text)?.[1] }]
  })
}

/** `e.g. cam 0.20` stands for any other number; without `e.g.` the text is meant to the letter. */
export function isAsAnnounced(text: string, printed: string): boolean {
  const example = /^e\.g\. (.*)$/.exec(text)?.[1]
  if (example === undefined) return text === printed.trimEnd()
  const shape = (line: string): string => line.replaceAll(/\d+(\.\d+)?/g, '0')
  return shape(example) === shape(printed)
}
