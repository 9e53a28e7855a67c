import { Command, Option } from 'commander'
import { SemplesError } from '../../base/error.js'
import { itemProgress } from '../../base/progress.js'
import { refuseUseless } from '../../base/useless.js'
import type { DetailOptions } from '../../evaluate/detailOptions.js'
import { readPictureList } from '../../evaluate/pictureList.js'
import { type AxesOrder, axesOrders } from '../../formats/camFile/maps.js'
import { type ScoreKind, scoreKinds } from '../../formats/camFile/scores.js'
import type { EvaluateOptions } from '../../runs/evaluate.js'
import type { Cli } from '../cli.js'
import { dataAndSplit } from '../data.js'
import { evaluationLines } from '../evaluation.js'
import { addDetailOptions, detailsOf } from '../evaluationDetails.js'
import { addOutputOptions, classIds, examples, integer, type OutputOptions, shared } from '../options.js'
import { printJson, warningLines } from '../output.js'
import { openView } from '../progress/view.js'

interface EvalOptions extends OutputOptions, DetailOptions {
  masks?: string
  cams?: string
  camClasses?: number[]
  camLabels?: string
  scores?: ScoreKind
  axes?: AxesOrder
  entry?: string
  classOffset?: number
  groundTruth?: string
  data?: string
  labels?: string
  images?: string
  val?: number
  list?: string
  maskColors?: 'use' | 'ignore'
  split?: 'train' | 'val'
  exif?: 'apply' | 'ignore'
  classes?: string
  sweep?: boolean
  threshold?: string
}

export function evalCommand(cli: Cli): Command {
  const command = new Command('eval')
    .description(
      'Compares masks with ground truth: mean IoU over the classes and the background, IoU, precision and recall of every class. Pixels of value 255 in the ground truth are ignored.',
    )
    .option('--masks <dir>', 'folder of masks to evaluate, <picture>.png')
    .option(
      '--cams <dir>',
      'folder of class activation maps to evaluate at every threshold: <picture>.npz, .npy, .pkl or .pth',
    )
    .option(
      '--cam-classes <ids>',
      'class id of each map of --cams, as in 3,15 or 1-20 (default: what the file says)',
      classIds,
    )
    .option(
      '--cam-labels <file>',
      'judge only the maps of --cams of each picture\'s image-level labels: CSV, JSON or cls_labels.npy; "data": the labels of --data. Without --data, --labels FILE is the same',
    )
    .option(
      '--class-offset <number>',
      'added to class keys of --cams (default: 1 for dictionaries, 0 for class ids)',
      integer,
    )
    .addOption(
      new Option(
        '--scores <kind>',
        'what the numbers of --cams are, as in "semples refine" (default: probabilities)',
      ).choices(scoreKinds),
    )
    .addOption(
      new Option(
        '--axes <order>',
        'order of the axes of --cams: chw, [maps, height, width], or hwc (default: chw)',
      ).choices(axesOrders),
    )
    .option('--entry <name>', 'name of the array to take of files of --cams that hold several')
    .option(
      '--sweep',
      'judge the scores beside the masks (made with --npy or --npz) at every threshold; prints the curve',
    )
    .option(
      '--ground-truth <dir>',
      'folder of ground-truth masks, <picture>.png; with --data, the masks of those pictures',
    )
    .addOption(shared.data())
    .addOption(shared.labels())
    .addOption(shared.images())
    .addOption(shared.val())
    .addOption(shared.split('val'))
    .option(
      '--list <list>',
      'which pictures: of VOC 2012 a list by name or path, such as train; of COCO 2014 a file; else a file with a name a line',
    )
    .addOption(shared.exif())
    .addOption(
      new Option(
        '--mask-colors <how>',
        'ids of indexed masks whose colours and indices are different classes: by colour (use) or by index (ignore); default: such masks are an error',
      ).choices(['use', 'ignore']),
    )
    .option('--classes <table>', "voc2012, coco2014, or a run's classes.json; needed with --ground-truth")
    .addOption(new Option('--threshold <number>').hideHelp())
    .addHelpText(
      'after',
      examples(
        'semples eval --masks masks-val --data VOCdevkit/VOC2012 --split val',
        'semples eval --masks masks --ground-truth SegmentationClass --classes voc2012',
        'semples eval --masks masks --data photos --ground-truth truth',
        'semples eval --cams cams --scores raw --cam-labels labels.csv --ground-truth SegmentationClass --classes voc2012',
        'semples eval --masks masks --against masks-before --boundary --data VOCdevkit/VOC2012 --split val',
        'semples eval --masks masks-val --sweep --data VOCdevkit/VOC2012 --split val',
      ),
    )
    .action((options: EvalOptions) => evaluateMasks(cli, options))
  return addOutputOptions(addDetailOptions(command))
}

async function evaluateMasks(cli: Cli, options: EvalOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { sweep, classes, camClasses, classOffset, scores, axes, entry, maskColors, json, quiet } = options
  if (options.cams !== undefined) refuseUseless({ '--masks': options.masks }, 'beside --cams: one of the two is judged')
  if (options.cams === undefined && !sweep)
    refuseUseless(
      {
        ...{ '--cam-classes': camClasses, '--class-offset': classOffset, '--scores': scores },
        '--cam-labels': options.camLabels,
        ...{ '--axes': axes, '--entry': entry },
      },
      'without --cams DIR: it says how maps are read',
    )
  const judgesMaps = options.cams !== undefined || sweep === true
  const details = detailsOf(options, judgesMaps)
  const labelsAreOfMaps = options.data === undefined && judgesMaps && options.camLabels === undefined
  // Without data, labels can be meant for the maps alone.
  const camLabels = options.camLabels ?? (labelsAreOfMaps ? options.labels : undefined)
  if (options.threshold !== undefined)
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: '--threshold has no use here: masks have their background threshold already.',
      hint: 'For masks of another one, use semples masks --threshold NUMBER; --sweep judges scores beside masks, and --cams class activation maps, at every threshold.',
    })
  const { groundTruth, split, ids } = await truthOf(labelsAreOfMaps ? { ...options, labels: undefined } : options)
  if (judgesMaps && typeof groundTruth !== 'string')
    refuseUseless({ '--mask-colors': maskColors }, 'without a folder of masks')
  const view = await openView(terminal, quiet)
  const progress = itemProgress('eval')
  const folder = options.cams ?? (sweep ? options.masks : undefined)
  const evaluation = await jobs
    .evaluate({
      ...(folder === undefined ? { masks: required(options.masks, '--masks DIR') } : { cams: folder }),
      groundTruth,
      split,
      classes,
      ...(ids === undefined ? {} : { ids }),
      ...(maskColors === undefined ? {} : { maskColors }),
      ...(camClasses === undefined ? {} : { camClasses }),
      ...(camLabels === undefined ? {} : { camLabels }),
      ...(classOffset === undefined ? {} : { classOffset }),
      ...(scores === undefined ? {} : { values: scores }),
      ...(axes === undefined ? {} : { axes }),
      ...(entry === undefined ? {} : { entry }),
      ...details,
      onProgress: ({ done, total }) => view.show(progress(done, total)),
      signal,
    })
    .finally(() => view.close())
  for (const line of warningLines(evaluation.warnings)) terminal.err(line)
  if (json) printJson(terminal, evaluation)
  else for (const line of evaluationLines(evaluation, sweep)) terminal.out(line)
}

interface ChosenTruth {
  groundTruth: EvaluateOptions['groundTruth']
  split?: 'train' | 'val'
  ids?: string[]
}

/** Ground truth: a folder of masks, or data with the split of them that is still to be chosen; and which pictures of it. */
async function truthOf(options: EvalOptions): Promise<ChosenTruth> {
  const { groundTruth, data, labels, images, val, list, split: which, exif, classes } = options
  if (data !== undefined) {
    const { kindOfData, withList } = await import('../../datasets/kinds.js')
    const files = { labels, images, val, masks: groundTruth, exif, split: which }
    const { data: spec, split } = await dataAndSplit(data, files, 'val')
    if (list !== undefined && kindOfData(spec).listField === undefined)
      return { groundTruth: spec!, split, ids: await readPictureList(list) }
    return { groundTruth: withList(spec!, which ?? 'val', list), split }
  }
  refuseUseless(
    { '--exif': exif },
    'without the pictures: their EXIF orientation is what masks are turned by',
    ADD_DATA,
  )
  refuseUseless(
    { '--images': images, '--labels': labels, '--val': val, '--split': which },
    'without --data DIR',
    ADD_DATA,
  )
  const folder = required(groundTruth, '--ground-truth DIR or --data DIR')
  required(classes, '--classes TABLE beside --ground-truth (voc2012, coco2014, or a classes.json)')
  return { groundTruth: folder, ...(list === undefined ? {} : { ids: await readPictureList(list) }) }
}

const ADD_DATA = 'Give the pictures too: --data DIR.'

function required(value: string | undefined, option: string): string {
  if (value !== undefined) return value
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `semples eval needs ${option}.`,
    hint: 'For examples, type: npx semples eval --help',
  })
}
