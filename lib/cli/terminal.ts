import type { WriteStream } from 'node:tty'

/** Where a command writes: results to `out` (standard output), everything else to `err` (standard error). */
export interface Terminal {
  out(line: string): void
  err(line: string): void
  /** The terminal behind `err` where a person watches it; undefined in pipes, files and CI. */
  screen?: WriteStream
  /** Whether `err` may be coloured. */
  color: boolean
  /** Set by what draws on the screen: takes the lines of `err` meanwhile. */
  aside?: (line: string) => void
}

/** Standard output and standard error of this process. A reader that went away (`| head`) is no error. */
export function processTerminal(environment: NodeJS.ProcessEnv = process.env): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  const { TERM, CI, NO_COLOR } = environment
  const watched = process.stderr.isTTY === true && TERM !== 'dumb'
  const terminal: Terminal = {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => {
      if (terminal.aside === undefined) process.stderr.write(`${line}\n`)
      else terminal.aside(line)
    },
    screen: watched && !CI ? process.stderr : undefined,
    color: watched && !NO_COLOR,
  }
  return terminal
}

/** Red, where colours may be used. */
export function red(text: string, { color }: Pick<Terminal, 'color'>): string {
  return color ? `\u001b[31m${text}\u001b[39m` : text
}
