import { CommanderError } from 'commander'
import { readEnvironment } from '../config/env.js'
import { SemplesError } from '../config/error.js'
import type { Cli } from './cli.js'
import { Interrupted } from './interrupt.js'
import { red } from './terminal.js'

/** Exit status of a command that was typed wrong. */
const USAGE = 2

/** Config fields that have options of their own. */
const optionOf: Readonly<Record<string, string>> = {
  data: '--data DIR',
  'data.labels': '--labels FILE',
  out: '--out DIR',
  clip: '--clip FILE',
  'generator.weights': '--weights FILE, or --weights random',
}

const usageCodes = new Set([
  'SEMPLES_CONFIG_UNKNOWN',
  'SEMPLES_CONFIG_INVALID',
  'SEMPLES_WEIGHTS_MISSING',
  'SEMPLES_CLIP_MISSING',
  'SEMPLES_OPTION_MISSING',
])

/** Tells a person what went wrong, without a stack unless SEMPLES_DEBUG is set; gives the exit status. */
export function reportFailure(error: unknown, cli: Cli): number {
  const { terminal, signal } = cli
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
  if (signal.aborted && (error === signal.reason || isAbort(error))) {
    terminal.err(['Interrupted.', cli.afterInterrupt?.()].filter(Boolean).join(' '))
    return signal.reason instanceof Interrupted ? signal.reason.status : 130
  }
  const debug = readEnvironment('SEMPLES_DEBUG') !== undefined
  const label = red('error:', terminal)
  if (error instanceof SemplesError) {
    terminal.err(`${label} ${debug ? error.stack : error.message} [${error.code}]`)
    const option = error.value === undefined && error.field !== undefined ? optionOf[error.field] : undefined
    if (option !== undefined) terminal.err(`On the command line: ${option}`)
    return usageCodes.has(error.code) ? USAGE : 1
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  terminal.err(`${label} ${debug ? (stack ?? message) : message}`)
  if (!debug) terminal.err('This was not foreseen. For a report, run it again with SEMPLES_DEBUG=1.')
  return 1
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
