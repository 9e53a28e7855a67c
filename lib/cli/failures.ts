import { CommanderError } from 'commander'
import { readEnvironment } from '../base/env.js'
import { SemplesError } from '../base/error.js'
import type { Cli } from './cli.js'
import { Interrupted } from './interrupt.js'
import { styles } from './terminal.js'
import { commandLineWords } from './wording.js'

/** Exit status of a command that was typed wrong. */
const USAGE = 2

/** Messages for missing config fields that have no default. */
const missing: Readonly<Record<string, string>> = {
  data: 'There are no pictures to train on: add --data DIR (your own folder, VOC 2012 or COCO 2014).',
  out: 'There is no output folder: add --out DIR (new or empty).',
  clip: 'There is no CLIP: type npx semples weights fetch clip-vit-b-32, and add --clip clip-vit-b-32 (or --clip FILE; see "semples train --help"), or train without one, --stages classify; for drawn scenes, --preset demo. For --preset photos, scripts/clip/photos.py of the package makes one of your pictures (docs/photographs.md).',
  'targets.folder':
    'There are no masks to learn from: add --masks DIR, or --run RUN, a run of semples train whose masks are made first.',
  'generator.weights':
    'There are no weights to start from: type npx semples weights fetch deit-small, and add --weights deit-small (or --weights FILE; see "semples train --help"); photographs without any: --preset photos --stages classify; drawn scenes: --preset demo.',
}

/** Hints that name the command-line option for an error. */
const onCommandLine: Readonly<Record<string, string>> = {
  SEMPLES_SPLIT_MISSING: 'With train: --set data.trainSplit=train; with convert: --list train.',
}

const usageCodes = new Set([
  'SEMPLES_CONFIG_UNKNOWN',
  'SEMPLES_CONFIG_INVALID',
  'SEMPLES_WEIGHTS_MISSING',
  'SEMPLES_WEIGHTS_UNKNOWN',
  'SEMPLES_CLIP_MISSING',
  'SEMPLES_OPTION_INVALID',
])

/** Prints an error, with its stack only where SEMPLES_DEBUG is set; returns the exit status. */
export function reportFailure(error: unknown, cli: Cli): number {
  const { terminal, signal } = cli
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
  if (signal.aborted && (error === signal.reason || isAbort(error))) {
    terminal.err(['Interrupted.', cli.afterInterrupt?.()].filter(Boolean).join(' '))
    return signal.reason instanceof Interrupted ? signal.reason.status : 130
  }
  const debug = readEnvironment('SEMPLES_DEBUG') !== undefined
  const { red, dim } = styles(terminal.color)
  const label = red('error:')
  if (error instanceof SemplesError) {
    terminal.err(`${label} ${debug ? error.stack : commandLineWords(sentence(error))} ${dim(`[${error.code}]`)}`)
    return usageCodes.has(error.code) ? USAGE : 1
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  terminal.err(`${label} ${debug ? (stack ?? message) : message}`)
  if (!debug) terminal.err('This is an unexpected error. To report it, run the command again with SEMPLES_DEBUG=1.')
  return 1
}

/** The message of an error; where a field was left out, the option to add. */
function sentence({ field = '', file, value, code, message }: SemplesError): string {
  // A file that was named and is not there is another thing than none.
  const isGiven = value !== undefined || (code.endsWith('_MISSING') && file !== undefined)
  const lacking = !isGiven && usageCodes.has(code) ? missing[field] : undefined
  return lacking ?? [message, onCommandLine[code]].filter(Boolean).join(' ')
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
