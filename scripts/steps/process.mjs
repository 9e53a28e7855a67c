import { spawnSync } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** A mistake that a person can mend: its message is all that is printed. */
export class StepError extends Error {}

/** One line on standard error; standard output belongs to the command's result. */
export function say(line) {
  process.stderr.write(`[semples] ${line}\n`)
}

/** Runs a program in the repository with its output shown; a failure ends the step with `otherwise`. */
export function run(program, parameters, { otherwise, env = {}, quiet = false, cwd = root } = {}) {
  const child = spawnSync(program, parameters, {
    cwd,
    env: { ...process.env, ...env },
    // A program's standard output is shown as progress, on standard error.
    stdio: ['ignore', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2],
    encoding: 'utf8',
  })
  if (child.status === 0) return
  if (quiet) process.stderr.write(`${child.stdout ?? ''}${child.stderr ?? ''}`)
  const how = child.error?.message ?? (child.signal ? `ended by ${child.signal}` : `status ${child.status}`)
  throw new StepError(otherwise ?? `${program} ${parameters[0] ?? ''} failed (${how}).`)
}

/** What a program prints, or undefined where it fails or is missing. */
export function ask(program, parameters) {
  const child = spawnSync(program, parameters, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  return child.status === 0 ? child.stdout.trim() : undefined
}

/** Runs the steps of a command; a StepError is printed as one sentence and gives exit status 1. */
export async function main(steps) {
  try {
    process.exitCode = (await steps()) ?? 0
  } catch (error) {
    // Errors with a code of semples are sentences too.
    const mendable = error instanceof StepError || String(error?.code).startsWith('SEMPLES_')
    process.stderr.write(`${mendable ? error.message : (error?.stack ?? error)}\n`)
    process.exitCode = 1
  }
}
