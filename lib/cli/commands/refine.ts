import { existsSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { count } from '../../base/count.js'
import { refuseUseless } from '../../base/useless.js'
import { axesOrders } from '../../formats/camFile/maps.js'
import { type ScoreKind, scoreKinds } from '../../formats/camFile/scores.js'
import { methodNames } from '../../refine/methods.js'
import { crfPresetNames } from '../../refine/presets.js'
import type { RefineFolders, RefineMasksOptions, RefineSummary } from '../../refine/types.js'
import type { Cli } from '../cli.js'
import {
  addComputeOptions,
  type ComputeOptions,
  classIds,
  examples,
  fraction,
  integer,
  namedDevice,
} from '../options.js'
import { failureLines, printJson, warningLines } from '../output.js'
import { roughDuration } from '../progress/format.js'
import { openView } from '../progress/view.js'
import { addTuneOptions, requireOut, type TuneOptions, tune } from './refineTune.js'

interface RefineCommandOptions
  extends Omit<RefineMasksOptions, 'gaussian' | 'bilateral' | 'threads' | 'onProgress' | 'values' | 'imageLabels'>,
    ComputeOptions,
    TuneOptions {
  images: string
  cams: string
  gaussian?: number[]
  bilateral?: number[]
  scores?: ScoreKind
  labels?: string
  memory?: number
}

export function refineCommand(cli: Cli): Command {
  const command = new Command('refine')
    .description(
      'Refines score maps or masks of any method with the colours of their pictures, by dense CRF or PAMR. Files are paired by name: images/a.jpg and cams/a.npy. Reads .npz, .npy, pickles and files of torch.save (nothing in them is executed) and .png masks; writes PNGs whose pixel values are class ids.',
    )
    .requiredOption('--images <dir>', 'folder of the pictures')
    .requiredOption('--cams <dir>', 'folder of score maps (.npz, .npy, .pkl, .pth) or masks (.png)')
    .option('--out <dir>', 'folder for the masks; finished masks are skipped; needed without --tune')
    .addOption(new Option('--method <name>', 'refinement method (default: crf)').choices(methodNames))
    .addOption(
      new Option('--preset <name>', 'published settings of the dense CRF (default: voc)').choices(crfPresetNames),
    )
    .option('--gaussian <sxy,compat>', 'kernel on positions, as in 3,3', numbers(2))
    .option('--bilateral <sxy,srgb,compat>', 'kernel on positions and colours, as in 50,5,10', numbers(3))
    .option('--iterations <number>', 'iterations of the mean field, or passes of PAMR (default: 10)', integer)
    .addOption(
      new Option(
        '--unary <kind>',
        'unary energies: soft, from all scores; hard, from the best label alone (default: that of the preset)',
      ).choices(['soft', 'hard']),
    )
    .option('--gt-prob <number>', '0 to 1: probability that a hard label is right (default: 0.7)', fraction)
    .option('--zero-unsure', 'label 0 of masks means "unsure"; 255 always does')
    .option('--threshold <number>', '0 to 1: background score of maps without a background (default: 0.45)', fraction)
    .option(
      '--background-power <number>',
      'instead of --threshold: the background score is (1 - highest score) to this power',
      number,
    )
  addMapOptions(command)
    .option('--confidence <number>', '0 to 1: pixels whose highest refined score is lower become 255', fraction)
    .addOption(
      new Option(
        '--exif <how>',
        'whether maps are of pictures turned by their EXIF orientation, as viewers show them (default: what the maps say, else ignore)',
      ).choices(['apply', 'ignore']),
    )
    .option('--npy', 'also write the refined scores, <picture>.npy: [labels, height, width], then the class ids')
    .option('--npz', 'also write them as <picture>.npz, one array per class id')
    .option('--overwrite', 'overwrite existing masks')
    .option('--fail-fast', 'stop at the first picture that fails')
    .option(
      '--device <name>',
      'cpu, cuda or cuda:1: where masks are refined (default: cpu); GPUs need the kernels of docs/gpu.md',
      namedDevice,
    )
    .option('--concurrency <number>', 'number of pictures at a time (default: all cores)', integer)
    .option('--memory <MiB>', 'maximum memory of all pictures together (default: half of the free memory)', integer)
    .addHelpText(
      'after',
      examples(
        'semples refine --images JPEGImages --cams cams --out refined',
        'semples refine --images photos --cams masks --out refined --preset coco',
        'semples refine --images photos --cams cams --out refined --gaussian 3,3 --bilateral 80,13,10 --unary soft',
        'semples refine --images photos --cams cams --out refined --scores raw --labels labels.csv --class-table voc2012',
        'semples refine --images photos --cams cams --out refined --method pamr --confidence 0.9',
        'semples refine --images photos --cams cams --out refined --device cuda',
        'semples refine --images photos --cams cams --tune 40 --ground-truth truth',
      ),
    )
    .action((options: RefineCommandOptions) => refine(cli, options))
  return addComputeOptions(addTuneOptions(command))
}

/** What score maps are, and of which classes. */
function addMapOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--scores <kind>',
        'what the numbers of score maps are: probabilities, 0 to 1; logits (softmax with a background map, sigmoid without); raw, each map scaled to its own minimum and maximum; energies, -ln p (default: probabilities)',
      ).choices(scoreKinds),
    )
    .addOption(
      new Option(
        '--axes <order>',
        'order of the axes of score maps: chw, [maps, height, width], or hwc (default: chw)',
      ).choices(axesOrders),
    )
    .option(
      '--entry <name>',
      'name of the array to take of files that hold several (default: cam, high_res and others)',
    )
    .option('--classes <ids>', 'class id of each map, as in 0,15,19 or 0-20 (default: those in the file)', classIds)
    .option(
      '--class-offset <number>',
      'added to class keys of files (default: 1 for dictionaries, 0 for class ids)',
      integer,
    )
    .option(
      '--class-table <table>',
      "the classes that there are: voc2012, coco2014, or a run's classes.json; names of arrays and labels are looked up in it, other class ids are refused (default: none)",
    )
    .option(
      '--labels <file>',
      'keep only the maps of each picture\'s image-level labels: CSV, JSON or cls_labels.npy, as in "semples train"; needs --class-table',
    )
}

const NAME_TABLE = 'Name the class table: --class-table voc2012, coco2014, or a classes.json.'

async function refine(cli: Cli, options: RefineCommandOptions): Promise<void> {
  const { terminal, jobs, signal } = cli
  const { offline, json, quiet, device, npy, npz, failFast, overwrite, scores, threshold, backgroundPower } = options
  if (options.classTable === undefined)
    refuseUseless({ '--labels': options.labels }, 'without --class-table: labels are names', NAME_TABLE)
  if (scores === 'energies')
    refuseUseless(
      { '--threshold': threshold, '--background-power': backgroundPower },
      'with --scores energies, to which no background is added',
    )
  if (options.tune !== undefined) return tune(cli, options, settingsOf(options))
  if (npz) refuseUseless({ '--npy': npy }, 'beside --npz: the scores are written once')
  requireOut(options)
  const { out } = options
  cli.afterInterrupt = () =>
    existsSync(out) ? `The masks that were made are in ${out}; the same command resumes there.` : undefined
  await jobs.ensureLibTorch({ offline, device, quiet, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const summary = await jobs
    .refine({
      ...settingsOf(options),
      out,
      overwrite,
      withScores: npz ? 'npz' : npy,
      errors: failFast ? 'throw' : 'collect',
      onProgress: (progress) => view.show(progress),
      signal,
    })
    .finally(() => view.close())
  if (summary.failed.length > 0) cli.status = 1
  if (json) printJson(terminal, forPrograms(summary))
  else for (const line of lines(summary)) terminal.out(line)
}

/** Folders, settings and resources as functions take them. */
function settingsOf(options: RefineCommandOptions): RefineFolders & RefineMasksOptions {
  const { gaussian, bilateral, threads, memory, scores, labels, ...others } = options
  const { out, offline, json, quiet, npy, npz, failFast, overwrite, tune, groundTruth, seed, ...rest } = others
  return {
    ...rest,
    ...(gaussian === undefined ? {} : { gaussian: { sxy: gaussian[0]!, compat: gaussian[1]! } }),
    ...(bilateral === undefined
      ? {}
      : { bilateral: { sxy: bilateral[0]!, srgb: bilateral[1]!, compat: bilateral[2]! } }),
    ...(threads === undefined || threads === 'auto' ? {} : { threads }),
    ...(memory === undefined ? {} : { memoryLimit: memory * 2 ** 20 }),
    ...(scores === undefined ? {} : { values: scores }),
    ...(labels === undefined ? {} : { imageLabels: labels }),
  }
}

function lines({ refined, skipped, failed, seconds, warnings, out }: RefineSummary): string[] {
  const rate = refined > 0 && seconds > 0 ? `, ${speed(refined / seconds)}` : ''
  const before = skipped === 0 ? '' : ` (and ${skipped} finished before)`
  const masks = count(refined, 'refined mask')
  return [
    ...warningLines(warnings),
    ...failureLines(failed),
    ...(failed.length > 0 ? [`${count(failed.length, 'picture')} failed.`] : []),
    `${masks}${before} ${refined === 1 && skipped === 0 ? 'is' : 'are'} in ${out}${rate}`,
  ]
}

/** `4.0 pictures/s`, `0.4 pictures/s`, or `12 s a picture`. */
function speed(rate: number): string {
  return rate >= 0.2 ? `${rate.toFixed(1)} pictures/s` : `${roughDuration(1 / rate)} a picture`
}

function forPrograms(summary: RefineSummary) {
  const failed = summary.failed.map(({ name, error: { code, message } }) => ({ name, code, message }))
  return { ...summary, failed }
}

function numbers(length: number) {
  return (value: string): number[] => {
    const parts = value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
    if (parts.length === length && parts.every(Number.isFinite)) return parts
    throw new InvalidArgumentError(
      length === 1 ? 'It must be a number.' : `It must be ${length} numbers with commas between.`,
    )
  }
}

function number(value: string): number {
  return numbers(1)(value)[0]!
}
