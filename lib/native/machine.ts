import { execFile } from 'node:child_process'

/** The machine that facts are read from; tests give one of their own. */
export interface Machine {
  /** Folder that stands for `/`. */
  root: string
  environment: NodeJS.ProcessEnv
  run: RunProgram
}

/** Starts a program with a list of arguments, never through a shell. */
export type RunProgram = (program: string, words: string[]) => Promise<ProgramOutput>

export interface ProgramOutput {
  /** Exit status; absent where the program could not be started or did not end in time. */
  status?: number
  /** Standard output, and after it standard error. */
  text: string
  /** Whether there is no such program. */
  absent?: boolean
}

/** The machine that this process runs on. */
export function thisMachine(environment: NodeJS.ProcessEnv = process.env): Machine {
  return { root: '/', environment, run: runIn(environment) }
}

function runIn(env: NodeJS.ProcessEnv, timeout = 15_000): RunProgram {
  return (program, words) =>
    new Promise((done) => {
      execFile(program, words, { env, timeout, encoding: 'utf8' }, (error, out, complaints) => {
        const text = `${out}${complaints}`
        if (error === null) done({ status: 0, text })
        else if (typeof error.code === 'number') done({ status: error.code, text })
        else if (error.killed) done({ text: `it did not end within ${timeout / 1000} s` })
        else done({ text: error.message, absent: (error.code as unknown) === 'ENOENT' })
      })
    })
}
