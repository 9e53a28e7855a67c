import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { count } from '../../base/count.js'
import { refuseUseless } from '../../base/useless.js'
import { type CrfPreset, crfPresetNames } from '../../refine/presets.js'
import type { AnnotationFormatName } from '../../runs/annotations/formats.js'
import type { MemoryCheck } from '../../runs/memory/check.js'
import { annotationLines, annotationsForPrograms } from '../annotations.js'
import type { Cli } from '../cli.js'
import { dataAndSplit } from '../data.js'
import {
  addModelOptions,
  examples,
  fraction,
  type ModelOptions,
  memoryCheckOption,
  precisionOption,
  shared,
  wholePixels,
} from '../options.js'
import { printJson, warningLines } from '../output.js'
import { openView } from '../progress/view.js'
import { reviewLines } from '../review.js'

interface MasksOptions extends ModelOptions {
  run: string
  out: string
  data?: string
  labels?: string
  labelThreshold?: number
  images?: string
  val?: number
  split?: 'train' | 'val'
  threshold?: number
  refine?: CrfPreset
  overlay?: boolean
  annotations?: AnnotationFormatName
  review?: boolean
  overwrite?: boolean
  npy?: boolean
  npz?: boolean
  maxSide?: number
  memoryCheck?: MemoryCheck
}

export function masksCommand(cli: Cli): Command {
  const command = new Command('masks')
    .description(
      "Makes a mask of every picture: <picture>.png with the VOC palette, pixel values are class ids, 0 is background. A mask holds only classes of the picture's labels.",
    )
    .requiredOption('--run <dir>', 'folder of the run, as "semples train --out" made it')
    .requiredOption('--out <dir>', 'folder for the masks; finished masks are kept')
    .addOption(shared.data().default(undefined, "the run's own"))
    .option(
      '--labels <file>',
      'labels of a plain folder: CSV "file,labels" or JSON; default: one sub-folder per class; or "predicted": the generator predicts them',
    )
    .option(
      '--label-threshold <number>',
      '0 to 1: minimum score of a predicted label (default: one for each class, found in training)',
      fraction,
    )
    .addOption(shared.images())
    .addOption(shared.val())
    .addOption(shared.split('train'))
    .option(
      '--threshold <number>',
      "0 to 1: pixels where no class scores higher are background (default: the run's, 0.45)",
      fraction,
    )
    .addOption(
      new Option(
        '--refine <preset>',
        'refine the masks by dense CRF with these published settings; "semples refine" has all options',
      ).choices(crfPresetNames),
    )
    .option('--overlay', 'also write overlays/<picture>.jpg, the picture with its mask over it, to look at')
    .addOption(
      new Option(
        '--annotations <format>',
        'also write the masks for people to correct: annotations.json (coco), annotations.xml (cvat), or labelme/; "semples annotations" has all options',
      ).choices(['coco', 'labelme', 'cvat'] satisfies AnnotationFormatName[]),
    )
    .option(
      '--review',
      'also say which masks to look at first, without pixel labels: review.csv, worst first; takes about twice the time',
    )
    .option('--overwrite', 'make masks again that are there')
    .option(
      '--npy',
      "also write the scores of each picture's classes as <picture>.npy (maps, then class ids), for semples refine and semples eval --sweep",
    )
    .option('--npz', 'also write them as <picture>.npz, one array per class id')
    .option(
      '--max-side <pixels>',
      "shrink larger pictures to this longer side before maps are made, which takes less memory and time; masks keep the picture's size (default: the run's cams.maxSide)",
      wholePixels,
    )
    .addOption(memoryCheckOption())
    .addHelpText(
      'after',
      examples(
        'semples masks --run runs/boats --out masks',
        'semples masks --run runs/boats --refine voc --overlay --out masks',
        'semples masks --run runs/boats --annotations cvat --out masks',
        'semples masks --run runs/boats --refine voc --review --out masks',
        'semples masks --run runs/boats --data new-photos --labels predicted --out new-masks',
        'semples masks --run runs/voc --split val --threshold 0.5 --out masks-val',
        'semples masks --run runs/voc --split val --npy --out masks-val',
      ),
    )
    .action((options: MasksOptions) => masks(cli, options))
  return addModelOptions(command.addOption(precisionOption()))
}

async function masks(cli: Cli, options: MasksOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { run, out, data, labels, images, val, labelThreshold, npy, npz, offline, json, quiet, ...rest } = options
  const predicted = labels === 'predicted'
  if (data === undefined)
    refuseUseless(
      { '--labels': predicted ? undefined : labels, '--images': images, '--val': val },
      "without --data: the run's own data have it in its config",
    )
  if (!predicted) refuseUseless({ '--label-threshold': labelThreshold }, 'without --labels predicted')
  if (npz) refuseUseless({ '--npy': npy }, 'beside --npz: the scores are written once')
  const { data: given, split } = await dataAndSplit(data, {
    images,
    val,
    split: options.split,
    ...(predicted ? {} : { labels }),
  })
  cli.afterInterrupt = () =>
    existsSync(out) ? `The masks that were made are in ${out}; the same command goes on.` : undefined
  await jobs.ensureLibTorch({ offline, device: rest.device, quiet, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const result = await jobs
    .masks({
      run,
      out,
      data: given,
      ...rest,
      split,
      ...(predicted ? { labels } : {}),
      ...(labelThreshold === undefined ? {} : { labelThreshold }),
      cams: npz ? 'npz' : npy,
      onProgress: (progress) => view.show(progress),
      signal,
    })
    .finally(() => view.close())
  const { annotations } = result
  if (annotations !== undefined && annotations.failed.length > 0) cli.status = 1
  if (json) {
    printJson(
      terminal,
      annotations === undefined ? result : { ...result, annotations: annotationsForPrograms(annotations) },
    )
    return
  }
  const { pictures, skipped, unlabelled, threshold } = result
  // Else they were shown as they arose.
  if (quiet) for (const line of warningLines(result.warnings)) terminal.err(line)
  if (unlabelled > 0) terminal.out(`${unlabelled} without a label: all background`)
  const before = skipped === 0 ? '' : ` (${skipped} of them finished before)`
  terminal.out(`${count(pictures, 'mask')}${before} at background threshold ${threshold} are in ${result.out}`)
  if (predicted) terminal.out(`The predicted labels are in ${join(result.out, 'labels.csv')}`)
  if (result.review !== undefined) for (const line of reviewLines(result.review)) terminal.out(line)
  if (annotations !== undefined) for (const line of annotationLines(annotations)) terminal.out(line)
}
