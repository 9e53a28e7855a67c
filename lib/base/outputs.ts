import { appendFile, lstat, readdir, readFile, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SemplesError } from './error.js'
import { makeFolders } from './folders.js'

/*
 * Where semples may write. One rule for all commands and functions: what is there stays, unless the same command made
 * it. How that is known:
 *
 * - runs, exported data sets and drawn scenes take a folder that is new or empty, or one that bears their own mark
 *   (run.json, export.json, scenes.json);
 * - masks and refined masks go into any folder, and `.semples-files` in it lists what they made (`MadeFiles`);
 * - a report says in its head what made it;
 * - exported weights and submissions take the place of nothing, not even of others: they may be all that is left of a run,
 *   or what was sent to a judge;
 * - nor do annotations: people may have corrected them.
 *
 * Functions that write the one file that their caller names (`writeMask`, `writeNpy`) replace it.
 */

/** The list of what was made, in the folder itself. */
export const LIST = '.semples-files'

/** Names of files that are looked at at a time. */
const AT_ONCE = 64

/** @returns the error for an output that would take the place of something else */
export function outputExists(
  message: string,
  file: string,
  { field = 'out', hint, cause }: { field?: string; hint?: string; cause?: unknown } = {},
): SemplesError {
  return new SemplesError('SEMPLES_OUTPUT_EXISTS', {
    message,
    file,
    field,
    hint: hint ?? 'Choose another folder (out, --out).',
    cause,
  })
}

/**
 * The names in a folder that is to be written: none where it is new.
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` where it is a file or cannot be read
 */
export async function namesInOutput(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // Where a folder above it is a file, whoever makes the folders says so.
    if (code === 'ENOENT' || !(await exists(folder))) return []
    throw outputExists(
      `The folder to write, ${folder}, ${code === 'ENOTDIR' ? 'is a file' : `cannot be read: ${message}`}.`,
      folder,
      { cause: error },
    )
  }
}

/**
 * @param isOurs tells from the bytes of a file whether the same command made it
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` where anything else has that name
 */
export async function requireOwnFile(file: string, isOurs: (bytes: Buffer) => boolean): Promise<void> {
  const hint = 'Choose another name (out, --out).'
  const status = await lstat(file).catch(() => undefined)
  if (status === undefined) return
  if (!status.isFile())
    throw outputExists(`The file to write, ${file}, is ${status.isDirectory() ? 'a folder' : 'no plain file'}.`, file, {
      hint,
    })
  const bytes = await readFile(file).catch(() => Buffer.alloc(0))
  if (!isOurs(bytes)) throw outputExists(`${file} is there already, and semples did not make it.`, file, { hint })
}

/**
 * @param file absolute path
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` where anything has that name
 */
export async function requireNothing(file: string): Promise<void> {
  const status = await lstat(file).catch(() => undefined)
  if (status === undefined) return
  throw outputExists(
    status.isDirectory() ? `The file to write, ${file}, is a folder.` : `${file} is there already.`,
    file,
    { hint: 'Choose another name (out, --out), or remove it first.' },
  )
}

/** Whether two paths name the same folder; links are followed. */
export async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => resolve(path))))
  return first === second
}

/** The files of a folder that one command made, and the right to write them again. */
export class MadeFiles {
  private constructor(
    /** Absolute path. */
    readonly folder: string,
    private readonly command: string,
    private readonly made: Set<string>,
  ) {}

  /** Reads what `command` made in a folder before; writes nothing. */
  static async open(folder: string, command: string): Promise<MadeFiles> {
    const path = resolve(folder)
    const text = await readFile(join(path, LIST), 'utf8').catch(() => '')
    return new MadeFiles(path, command, new Set(text.split('\n').flatMap((line) => nameOf(line, command))))
  }

  /** @param name path inside the folder */
  has(name: string): boolean {
    return this.made.has(name)
  }

  /**
   * @param names paths inside the folder
   * @param hint what else the caller may do about it
   * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` naming the first of them that is there and was not made by the command
   */
  async requireFree(names: readonly string[], hint?: string): Promise<void> {
    const unknown = names.filter((name) => !this.made.has(name))
    for (let start = 0; start < unknown.length; start += AT_ONCE) {
      const some = unknown.slice(start, start + AT_ONCE)
      const found = await Promise.all(some.map((name) => exists(join(this.folder, name))))
      const taken = some.find((_, index) => found[index])
      if (taken === undefined) continue
      const file = join(this.folder, taken)
      throw outputExists(`${file} is there already, and semples ${this.command} did not make it.`, file, { hint })
    }
  }

  /**
   * Notes files before they are written for the first time: a process that is killed amid them has made them all the same.
   * @throws the error of the system: ENOSPC, EACCES, ...
   */
  async note(names: readonly string[]): Promise<void> {
    const fresh = names.filter((name) => !this.made.has(name))
    if (fresh.length === 0) return
    await makeFolders(this.folder)
    // A line that was cut off by the end of a process must not swallow the next.
    await appendFile(
      join(this.folder, LIST),
      `\n${fresh.map((name) => JSON.stringify([this.command, name])).join('\n')}\n`,
    )
    for (const name of fresh) this.made.add(name)
  }
}

/** The files of a folder that any command made: paths inside it with `/`, as its list has them. */
export async function madeNames(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, LIST), 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => nameOf(line))
}

/** The name in a line of the list, where it is one of the command. */
function nameOf(line: string, command?: string): string[] {
  try {
    const [by, name] = JSON.parse(line) as unknown[]
    return (command === undefined || by === command) && typeof name === 'string' ? [name] : []
  } catch {
    return []
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT' && code !== 'ENOTDIR',
  )
}
