import type { WriteStream } from 'node:tty'
import pico from 'picocolors'

/** Where a command writes: results to `out` (standard output), everything else to `err` (standard error). */
export interface Terminal {
  out(line: string): void
  err(line: string): void
  /** The terminal behind `err` where a person watches it; undefined in pipes, files and CI. */
  screen?: WriteStream
  /** Whether `out` and `err` may be coloured. */
  colorOut?: boolean
  color: boolean
  /** Whether `out` shows letters beyond ASCII. */
  unicode?: boolean
  /** Columns of the terminal behind `out`; undefined in pipes and files, whose lines are not broken. */
  width?: number
  /** Set while a progress bar is drawn: receives the lines of `err` instead. */
  aside?: (line: string) => void
}

/** Standard output and standard error of this process. A closed pipe (`| head`) is not an error. */
export function processTerminal(environment: NodeJS.ProcessEnv = process.env): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  const watched = process.stderr.isTTY === true && environment.TERM !== 'dumb' && !environment.CI
  const terminal: Terminal = {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => {
      if (terminal.aside === undefined) process.stderr.write(`${line}\n`)
      else terminal.aside(line)
    },
    screen: watched ? process.stderr : undefined,
    colorOut: mayColor(process.stdout, environment),
    color: mayColor(process.stderr, environment),
    unicode: hasUnicode(environment),
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
  }
  return terminal
}

/** Whether to use colours: NO_COLOR takes precedence over FORCE_COLOR (https://no-color.org, https://force-color.org), both over the kind of stream. */
export function mayColor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment
  if (NO_COLOR) return false
  if (FORCE_COLOR) return !['0', 'false'].includes(FORCE_COLOR)
  return stream.isTTY === true && TERM !== 'dumb'
}

/** Whether the locale is of UTF-8; Windows has none in its environment, and its terminals of today show Unicode. */
export function hasUnicode(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): boolean {
  if (platform === 'win32') return environment.WT_SESSION !== undefined || environment.TERM_PROGRAM === 'vscode'
  const { LC_ALL, LC_CTYPE, LANG } = environment
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}

/** Styles of the output, disabled where colours are: red for errors, bold for headings, dim for error codes. */
export function styles(enabled = false): ReturnType<typeof pico.createColors> {
  return pico.createColors(enabled)
}
