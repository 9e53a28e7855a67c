import type { Command } from 'commander'
import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { withoutUndefined } from '../../base/merge.js'
import type { RefineOptions } from '../../refine/options.js'
import type { BilateralTerm, GaussianTerm } from '../../refine/presets.js'
import type { RefineFolders, RefineMasksOptions } from '../../refine/types.js'
import type { TuneResult } from '../../runs/tuneRefinement.js'
import type { Cli } from '../cli.js'
import { integer, type OutputOptions, positive } from '../options.js'
import { percent, printJson, table, warningLines } from '../output.js'
import { openView } from '../progress/view.js'

/** Options of the search, and those that it refuses. */
export interface TuneOptions extends OutputOptions {
  tune?: number
  groundTruth?: string
  seed?: number
  offline?: boolean
  out?: string
  npy?: boolean
  npz?: boolean
  overwrite?: boolean
  failFast?: boolean
}

/** Options of masks, which --tune does not make. */
const OF_MASKS = {
  out: '--out',
  npy: '--npy',
  npz: '--npz',
  overwrite: '--overwrite',
  failFast: '--fail-fast',
} as const

export function addTuneOptions(command: Command): Command {
  return command
    .option(
      '--tune <number>',
      'make no masks, but try that many settings on pictures with ground truth, and print the best as options',
      positive,
    )
    .option('--ground-truth <dir>', 'with --tune: folder of ground-truth masks, <picture>.png')
    .option('--seed <number>', 'with --tune: decides the settings and the halves (default: 0)', integer)
}

/** Searches settings, and prints them as a table and as options to type. */
export async function tune(
  cli: Cli,
  options: TuneOptions,
  settings: RefineFolders & RefineMasksOptions,
): Promise<void> {
  const { terminal, jobs, signal } = cli
  const { groundTruth, offline, json, quiet } = options
  for (const [field, option] of Object.entries(OF_MASKS))
    if (options[field as keyof typeof OF_MASKS] !== undefined)
      throw wrong(`${option} has no use with --tune, which makes no masks.`)
  if (groundTruth === undefined) throw wrong('--tune needs --ground-truth DIR, masks that are right.')
  await jobs.ensureLibTorch({ offline, device: settings.device, quiet, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const result = await jobs
    .tune({
      ...settings,
      groundTruth,
      ...withoutUndefined({ settings: options.tune, seed: options.seed }),
      onProgress: (progress) => {
        // Warnings are told with the result.
        if (progress.warning === undefined) view.show(progress)
      },
      signal,
    })
    .finally(() => view.close())
  for (const line of warningLines(result.warnings)) terminal.err(line)
  if (json) printJson(terminal, forPrograms(result))
  else for (const line of lines(result)) terminal.out(line)
}

/** @throws SemplesError for options of --tune without it, and where there is no folder for masks */
export function requireOut(options: TuneOptions): asserts options is TuneOptions & { out: string } {
  if (options.groundTruth !== undefined) throw wrong('--ground-truth has no use without --tune NUMBER.')
  if (options.seed !== undefined) throw wrong('--seed has no use without --tune NUMBER.')
  if (options.out === undefined) throw wrong('semples refine needs --out DIR, a folder for the masks.')
}

function lines(result: TuneResult): string[] {
  const { settings, best, standard, gain, tuning, heldOut } = result
  const rows = settings.map(({ options, preset, miou }) => [typed(options), preset ?? '', percent(miou)])
  const points = `${gain >= 0 ? '+' : ''}${(100 * gain).toFixed(2)} points`
  const keep = best === standard || !(gain > 0)
  return [
    ...table([['settings', 'preset', 'mIoU %'], ...rows]),
    '',
    `chosen on ${count(tuning.length, 'picture')}, judged on ${count(heldOut.length, 'other')}`,
    `held out: default ${percent(standard.heldOut)} %, chosen ${percent(best.heldOut)} % (${points})`,
    keep ? 'Keep the default:' : 'Beside the options that were given, type:',
    `  ${typed((keep ? standard : best).options)}`,
  ]
}

function forPrograms({ settings, best, standard, failed, ...rest }: TuneResult) {
  const withTyped = <T extends { options: RefineOptions }>(entry: T) => ({ ...entry, typed: typed(entry.options) })
  return {
    ...rest,
    settings: settings.map(withTyped),
    best: withTyped(best),
    standard: withTyped(standard),
    failed: failed.map(({ name, error: { code, message } }) => ({ name, code, message })),
  }
}

/** Options as `semples refine` takes them. */
function typed({ preset, gaussian, bilateral, unary, gtProb, threshold }: RefineOptions): string {
  const words = {
    '--preset': preset,
    '--gaussian': kernel(gaussian as GaussianTerm | undefined),
    '--bilateral': kernel(bilateral as BilateralTerm | undefined),
    '--unary': unary,
    '--gt-prob': gtProb,
    '--threshold': threshold,
  }
  return Object.entries(withoutUndefined(words))
    .map(([option, value]) => `${option} ${value}`)
    .join(' ')
}

function kernel(term: GaussianTerm | BilateralTerm | undefined): string | undefined {
  if (term === undefined) return undefined
  return [term.sxy, ...('srgb' in term ? [term.srgb] : []), term.compat].join(',')
}

function wrong(message: string): SemplesError {
  return new SemplesError('SEMPLES_OPTION_INVALID', {
    message,
    hint: 'For examples, type: semples refine --help',
  })
}
