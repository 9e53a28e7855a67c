import { basename, join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { RunConfig } from '../../config/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { hasSplits } from '../../datasets/open.js'
import { type Compute, computeOf } from '../../models/devices.js'
import { type LearnedPrompts, openLearnedPrompts } from '../../prompts/learnedPrompts.js'
import type { RunReport } from '../../report/runReport.js'
import type { PredictionOptions } from '../predict/types.js'
import { readRunConfig } from '../readConfig.js'
import { configWarnings } from '../warnings.js'
import { stageReports } from './curves.js'
import { environmentOf } from './environment.js'
import { openReportPictures } from './gallery.js'
import { optionalPart } from './optionalPart.js'
import { GALLERY_SIZE, type GatherOptions, JUDGED_PICTURES } from './options.js'
import { disposeRows, openControl, openRows, type Row } from './rows.js'
import { type StageScores, scoreStages } from './scoreStages.js'
import { openSegmented, type SegmentedRow } from './segmented.js'

/**
 * Collects the content of a run's report; `writeReport` writes it. A part that cannot be made (no addon, no LibTorch,
 * data or CLIP moved away, no checkpoint yet) is left out, and a notice says why.
 *
 * @throws SemplesError for a folder that is not a run, for data and labels in `options` that cannot be used, and for a
 *   threshold or number out of range; the reason of `signal`
 */
export async function gatherReport(options: GatherOptions): Promise<RunReport> {
  options.signal?.throwIfAborted()
  if (options.gallery === false) {
    const {
      data,
      split,
      labels,
      labelThreshold,
      pictures,
      judged,
      refine,
      words,
      baseline,
      threshold,
      device,
      threads,
    } = options
    refuseUseless(
      { data, split, labels, labelThreshold, pictures, judged, refine, words, baseline, threshold, device, threads },
      'without the gallery, which is what opens pictures and models',
    )
  }
  const run = await RunDirectory.open(options.run)
  const config = await readRunConfig(run)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const threshold = options.threshold ?? config.masks.threshold
  checkNumbers({ ...options, threshold })
  const notices = [...(options.notices ?? []), ...configWarnings(config)]
  if (run.manifest.finished === undefined) notices.push('The run is not finished: the report shows its state so far.')
  const parts: ModelParts =
    options.gallery === false ? {} : await modelPartsOf({ run, config, classes, threshold, notices }, options)
  const { compute, pictures, prompts } = parts
  return {
    title: options.title ?? `Run ${basename(run.path)}`,
    created: new Date().toISOString(),
    notices,
    classes: classes.classes.map(({ id, label, color }) => ({ id, label, color })),
    stages: stageReports(await run.readMetrics(), config, run.manifest),
    ablation: options.ablation ?? pictures?.ablation ?? [],
    ...controlOf(options.control, pictures),
    ...(pictures === undefined || pictures.segmenters.length === 0 ? {} : { segmenters: pictures.segmenters }),
    threshold,
    gallery: pictures?.gallery ?? [],
    prompts: prompts?.named ?? [],
    vocabulary: prompts?.vocabulary ?? [],
    config,
    environment: environmentOf(run.manifest, compute),
  }
}

function controlOf(given: GatherOptions['control'], scores: StageScores | undefined): Pick<RunReport, 'control'> {
  const control = given !== undefined && 'miou' in given ? given : scores?.control
  return control === undefined ? {} : { control }
}

interface ModelParts {
  compute?: Compute
  pictures?: StageScores
  prompts?: Pick<LearnedPrompts, 'named' | 'vocabulary'>
}

interface ReportedRun {
  run: RunDirectory
  config: RunConfig
  classes: ClassTable
  threshold: number
  notices: string[]
}

/** The parts of a report that need models. */
async function modelPartsOf(subject: ReportedRun, options: GatherOptions): Promise<ModelParts> {
  const { run, config, classes, notices } = subject
  // Data named in the options must open; data that the run names may have been moved since.
  const explicit = [options.data, options.split, options.labels, options.review].some((given) => given !== undefined)
  const open = () => openReportPictures(run, config, classes, options)
  const pictures = explicit ? await open() : await optionalPart('Pictures are missing', notices, open)
  const compute = await optionalPart('Pictures and prompts are missing', notices, () => computeOf(config, options))
  if (compute === undefined) return {}
  const { device } = compute
  const prompts = await optionalPart('The learned prompts are missing', notices, () =>
    openLearnedPrompts(run, config.clip, classes, {
      device,
      space: config.prompt.space,
      words: options.words,
      notices,
    }),
  )
  let rows: Row[] = []
  let control: Row | undefined
  let segmented: SegmentedRow[] = []
  try {
    if (pictures === undefined) return { compute, prompts }
    rows =
      (await optionalPart('Pictures are missing', notices, () =>
        openRows(run, config, classes, compute, options.baseline),
      )) ?? []
    if (rows.length === 0) notices.push('Pictures are missing: the run has no trained generator yet.')
    control = await openControl(options.control, config, classes, compute)
    segmented = await openSegmented(run, compute, notices, segmentedOptions(options))
    const opened = { rows, control, segmented, prompts, pictures }
    return { compute, prompts, pictures: await scoreOpened(opened, subject, options) }
  } finally {
    disposeRows(control === undefined ? rows : [...rows, control])
    for (const model of segmented) model[Symbol.dispose]()
    prompts?.clip.dispose()
  }
}

/** Masks of segmentation models are refined where those of the stages are. */
function segmentedOptions({ refine }: GatherOptions): PredictionOptions {
  if (refine === undefined) return {}
  const { thresholds: _, ...own } = refine
  return { refine: own }
}

async function scoreOpened(
  { rows, control, segmented, prompts, pictures }: Opened,
  { config, threshold, notices }: ReportedRun,
  options: GatherOptions,
): Promise<StageScores | undefined> {
  if (rows.length === 0) return undefined
  const judged = options.ablation === undefined ? (options.judged ?? JUDGED_PICTURES) : 0
  const scores = await scoreStages({
    pictures,
    rows,
    ...(control === undefined ? {} : { control }),
    segmented,
    prompts,
    config,
    threshold,
    ...(options.refine === undefined ? {} : { refine: options.refine }),
    shown: options.pictures ?? GALLERY_SIZE,
    judged,
    onProgress: options.onProgress,
    signal: options.signal,
  })
  notices.push(...pictureNotices(pictures, scores, options))
  const trainedOn = options.data === undefined && (pictures.split === 'train' || !hasSplits(config.data))
  if (scores.segmenters.length > 0 && trainedOn)
    notices.push(
      `The segmentation models were trained on these pictures: their figures say how well they learned them, and nothing of others${scores.segmenters.length > 1 ? '; the upper bound has seen this very ground truth' : ''}.`,
    )
  notices.push(...scores.notices)
  return scores
}

type Pictures = Awaited<ReturnType<typeof openReportPictures>>

interface Opened {
  rows: Row[]
  control: Row | undefined
  segmented: readonly SegmentedRow[]
  prompts: LearnedPrompts | undefined
  pictures: Pictures
}

function pictureNotices(
  { dataset, source, warnings }: Pictures,
  { ablation }: StageScores,
  options: GatherOptions,
): string[] {
  const from = `${dataset.name} (${dataset.items.length} pictures)`
  const notices = [`The gallery shows pictures of ${from}.`, ...warnings]
  if (source === 'predicted')
    notices.push(
      'Labels are PREDICTED by the generator: those of the classes whose score reaches the threshold of the class.',
    )
  if (source === 'list') notices.push('Labels are those given in the call.')
  const [row] = ablation
  if (row !== undefined)
    notices.push(
      `Stages are evaluated on ${row.pictures} of these pictures, which have ground truth${source === 'predicted' ? '' : '; masks use the image-level labels'}.`,
    )
  else if (options.ablation === undefined && options.judged !== 0)
    notices.push('Nothing is evaluated: these pictures have no ground truth.')
  return notices
}

function checkNumbers({ threshold, pictures = 0, judged = 0 }: GatherOptions & { threshold: number }): void {
  const wrong = (field: string, value: number, expected: string) =>
    new SemplesError('SEMPLES_CONFIG_INVALID', { message: 'A number is out of range.', field, value, expected })
  if (!(threshold >= 0 && threshold <= 1)) throw wrong('threshold', threshold, '0 to 1')
  for (const [field, value] of Object.entries({ pictures, judged }))
    if (!(Number.isSafeInteger(value) && value >= 0)) throw wrong(field, value, 'a whole number from 0')
}
