import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

export interface RunProgramOptions {
  /** Variables beside those of this process. */
  env?: Record<string, string>
  signal?: AbortSignal
  /** Receives each line of its output. */
  onLine?: (line: string) => void
}

/**
 * Runs a program without a shell.
 * @returns its exit status, undefined where it could not be started or was ended by a signal, and its last lines
 */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  { env, signal, onLine }: RunProgramOptions = {},
): Promise<{ status?: number; lines: string[] }> {
  const lines: string[] = []
  const child = spawn(program, parameters, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line)
      if (lines.length > 60) lines.shift()
      onLine?.(line)
    })
  }
  const ending = await new Promise<number | undefined | Error>((done) => {
    child.once('error', done).once('close', (status) => done(status ?? undefined))
  })
  signal?.throwIfAborted()
  return ending instanceof Error ? { lines: [...lines, ending.message] } : { status: ending, lines }
}

/** What a program prints within a minute, or undefined where it is missing or fails. */
export function askProgram(program: string, parameters: readonly string[]): string | undefined {
  const child = spawnSync(program, parameters, {
    encoding: 'utf8',
    env: process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  return child.status === 0 ? child.stdout.trim() : undefined
}

/** Absolute path of the first program of a name on the PATH. */
export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
