import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import type { DataSpec } from '../../datasets/kinds.js'
import { type CrfPreset, crfPresetNames } from '../../refine/presets.js'
import type { MemoryCheck } from '../../runs/memory/check.js'
import type { PredictMasksResult } from '../../runs/predict/predictMasks.js'
import type { ModelKind } from '../../runs/predict/types.js'
import type { Cli } from '../cli.js'
import { dataAndSplit } from '../data.js'
import {
  addModelOptions,
  examples,
  fraction,
  type ModelOptions,
  memoryCheckOption,
  positive,
  precisionOption,
  shared,
  wholePixels,
} from '../options.js'
import { printJson, shellWord, warningLines } from '../output.js'
import { openView } from '../progress/view.js'

interface PredictCommandOptions extends ModelOptions {
  run: string
  out: string
  data?: string
  images?: string
  val?: number
  split?: 'train' | 'val'
  kind?: ModelKind
  labels?: string[]
  threshold?: number
  labelThreshold?: number
  scales?: number[]
  /** False with --no-flip. */
  flip: boolean
  atOnce?: number
  maxSide?: number
  refine?: CrfPreset
  overlay?: boolean
  npy?: boolean
  npz?: boolean
  overwrite?: boolean
  memoryCheck?: MemoryCheck
}

/**
 * `semples predict`, for files and folders of pictures or a data set.
 * @param path of the command, as it is typed: its examples
 */
export function predictCommand(cli: Cli, _all?: unknown, path = 'predict'): Command {
  const command = new Command('predict')
    .description(
      `Makes masks of any pictures with a trained run: by its segmentation model, or where it has none by its mask generator, which predicts labels. <picture>.png with the colours of the classes; pixel values are class ids, 0 is background. "semples predict" and "semples segment predict" are one command.`,
    )
    .argument('[pictures...]', 'files, or folders with all pictures in them; or a data set with --data')
    .requiredOption('--run <dir>', 'folder of the run, as "semples train" or "semples segment train" made it')
    .option('--out <dir>', 'folder for the masks; finished masks are kept', 'predictions')
    .addOption(shared.data().default(undefined, 'none: the pictures that are named'))
    .addOption(shared.images())
    .addOption(shared.val())
    .addOption(shared.split('val'))
    .addOption(
      new Option(
        '--kind <kind>',
        'what makes the masks: segmenter, the segmentation model, or generator (default: the segmentation model where the run has one)',
      ).choices(['segmenter', 'generator'] satisfies ModelKind[]),
    )
    .option('--labels <labels>', 'the only classes that masks may hold, as in boat,person (default: all)', words)
    .option(
      '--threshold <number>',
      "of a generator, 0 to 1: pixels where no class scores higher are background (default: the run's)",
      fraction,
    )
    .option(
      '--label-threshold <number>',
      'of a generator, 0 to 1: minimum score of a predicted label (default: one for each class, found in training)',
      fraction,
    )
    .option('--scales <list>', "sizes of the picture, as in 0.75,1,1.25 (default: the run's)", scales)
    .option('--no-flip', 'without the mirrored picture: half the work')
    .option(
      '--at-once <number>',
      "of a segmentation model: windows computed at a time; fewer need less memory (default: the run's)",
      positive,
    )
    .option('--max-side <pixels>', 'of a generator: shrink larger pictures to this longer side first', wholePixels)
  addFileOptions(command)
    .addHelpText(
      'after',
      examples(
        `semples ${path} --run runs/boats harbour.jpg`,
        `semples ${path} --run runs/boats new-photos --overlay --out new-masks`,
        `semples ${path} --run runs/boats new-photos --labels boat,person --refine deeplab`,
        `semples ${path} --run runs/voc --data VOCdevkit/VOC2012 --split val --npy --out masks-val`,
      ),
    )
    .action((pictures: string[], options: PredictCommandOptions) => predict(cli, pictures, options))
  return addModelOptions(command.addOption(precisionOption()))
}

/** What is written. */
function addFileOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--refine <preset>',
        'refine the masks by dense CRF with these published settings; "semples refine" has all options',
      ).choices(crfPresetNames),
    )
    .option('--overlay', 'also write overlays/<picture>.jpg, the picture with its mask over it, to look at')
    .option(
      '--npy',
      'also write the probabilities of the background and the classes found as <picture>.npy (maps, then class ids), for semples refine and semples eval --sweep',
    )
    .option('--npz', 'also write them as <picture>.npz, one array per class id')
    .option('--overwrite', 'make masks again that are there')
    .addOption(memoryCheckOption())
}

async function predict(cli: Cli, named: readonly string[], options: PredictCommandOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { out, data, images, val, split, npy, npz, flip, offline, json, quiet, ...rest } = options
  if (npz) refuseUseless({ '--npy': npy }, 'beside --npz: the scores are written once')
  const pictures = await picturesOf(named, { data, images, val, split })
  cli.afterInterrupt = () =>
    existsSync(out) ? `The masks that were made are in ${out}; the same command goes on.` : undefined
  await jobs.ensureLibTorch({ offline, device: rest.device, quiet, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const result = await jobs
    .predictMasks({
      ...rest,
      ...pictures,
      out,
      ...(flip ? {} : { flip }),
      scores: npz ? 'npz' : npy,
      onProgress: (progress) => view.show(progress),
      signal,
    })
    .finally(() => view.close())
  if (json) printJson(terminal, result)
  else {
    // Else they were shown as they arose.
    if (quiet) for (const line of warningLines(result.warnings)) terminal.err(line)
    for (const line of resultLines(result)) terminal.out(line)
  }
}

async function picturesOf(
  named: readonly string[],
  { data, images, val, split }: Pick<PredictCommandOptions, 'data' | 'images' | 'val' | 'split'>,
): Promise<{ pictures: readonly string[] | DataSpec; split?: 'train' | 'val' }> {
  if (data === undefined) {
    refuseUseless({ '--images': images, '--val': val, '--split': split }, 'without --data')
    if (named.length > 0) return { pictures: named }
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: 'No picture is named.',
      hint: 'Name files or folders of pictures, or a data set with --data: npx semples predict --run RUN harbour.jpg',
    })
  }
  if (named.length > 0)
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: 'Pictures are named beside --data.',
      value: named[0],
      hint: 'Name pictures, or a data set, not both.',
    })
  const found = await dataAndSplit(data, { images, val, split }, 'val')
  return { pictures: found.data!, ...(found.split === undefined ? {} : { split: found.split }) }
}

/** Most pictures whose labels are listed. */
const MAX_LISTED = 20

function resultLines({ found, pictures, skipped, out }: PredictMasksResult): string[] {
  const before = skipped === 0 ? '' : ` (${skipped === pictures ? 'finished' : `${skipped} of them finished`} before)`
  const all = Object.entries(found)
  const rest = all.length - MAX_LISTED
  const table = shellWord(join(out, 'labels.csv'))
  return [
    ...all.slice(0, MAX_LISTED).map(([name, labels]) => `${name}: ${sharesText(labels)}`),
    ...(rest > 0 ? [`... and ${count(rest, 'more picture')}`] : []),
    `${count(pictures, 'mask')}${before} ${pictures === 1 ? 'is' : 'are'} in ${out}`,
    ...(pictures === 1
      ? []
      : [rest > 0 ? `What was found in all of them is in ${table}` : `What was found is also in ${table}`]),
  ]
}

function sharesText(labels: Readonly<Record<string, number>>): string {
  const parts = Object.entries(labels).map(([label, share]) => `${label} ${percentText(share)}`)
  return parts.length === 0 ? 'background alone' : parts.join(', ')
}

/** `31.2 %`; a class of a few pixels is not 0. */
function percentText(share: number): string {
  return share < 0.0005 ? 'below 0.1 %' : `${(100 * share).toFixed(1)} %`
}

function words(value: string): string[] {
  const all = value.split(',').map((word) => word.trim())
  if (all.some((word) => word === '')) throw new InvalidArgumentError('It must be labels, as in boat,person.')
  return all
}

function scales(value: string): number[] {
  const all = value.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word)))
  if (all.some((scale) => !(scale > 0 && Number.isFinite(scale))))
    throw new InvalidArgumentError('It must be numbers above 0, as in 0.75,1,1.25.')
  return all
}
