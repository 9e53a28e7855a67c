import { basename, join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { resolveConfig } from '../../config/resolve.js'
import type { RunConfig, TrainConfigInput } from '../../config/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { type Compute, chooseCompute } from '../../models/devices.js'
import { type LearnedPrompts, openLearnedPrompts } from '../../prompts/learnedPrompts.js'
import type { RunReport } from '../../report/runReport.js'
import { configWarnings } from '../warnings.js'
import { stageReports } from './curves.js'
import { environmentOf } from './environment.js'
import { openReportPictures } from './gallery.js'
import { optionalPart } from './optionalPart.js'
import { GALLERY_SIZE, type GatherOptions, JUDGED_PICTURES } from './options.js'
import { disposeRows, openControl, openRows, type Row } from './rows.js'
import { type StageScores, scoreStages } from './scoreStages.js'

/**
 * Gathers what a report of a run shows; `writeReport` writes it. Every part that cannot be had (no addon, no LibTorch,
 * data or CLIP moved away, no checkpoint yet) is left out, and a notice says why.
 *
 * @throws SemplesError for what is no run, for data and labels given here that cannot be used, and for a threshold or
 *   number out of range; the reason of `signal`
 */
export async function gatherReport(options: GatherOptions): Promise<RunReport> {
  options.signal?.throwIfAborted()
  const run = await RunDirectory.open(options.run)
  const config = resolveConfig((await run.readConfig()) as TrainConfigInput)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const threshold = options.threshold ?? config.masks.threshold
  checkNumbers({ ...options, threshold })
  const notices = [...(options.notices ?? []), ...configWarnings(config)]
  if (run.manifest.finished === undefined) notices.push('The run is not finished: this is how far it has come.')
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

/** Everything that models have to be asked for. */
async function modelPartsOf(subject: ReportedRun, options: GatherOptions): Promise<ModelParts> {
  const { run, config, classes, notices } = subject
  // What was asked for here must be right; what the run itself names may have been moved away since.
  const explicit = options.data !== undefined || options.split !== undefined || options.labels !== undefined
  const open = () => openReportPictures(config, classes, options)
  const pictures = explicit ? await open() : await optionalPart('Pictures are missing', notices, open)
  const compute = await optionalPart('Pictures and prompts are missing', notices, () =>
    chooseCompute(options.device ?? config.device, options.threads ?? config.threads),
  )
  if (compute === undefined) return {}
  const { device } = compute
  const prompts = await optionalPart('The learned prompts are missing', notices, () =>
    openLearnedPrompts(run, config.clip, classes, { device, words: options.words, notices }),
  )
  let rows: Row[] = []
  let control: Row | undefined
  try {
    if (pictures === undefined) return { compute, prompts }
    rows =
      (await optionalPart('Pictures are missing', notices, () =>
        openRows(run, config, classes, device, options.baseline),
      )) ?? []
    if (rows.length === 0) notices.push('Pictures are missing: there is no trained generator to see them with.')
    control = await openControl(options.control, config, classes, device)
    return { compute, prompts, pictures: await scoreOpened({ rows, control, prompts, pictures }, subject, options) }
  } finally {
    disposeRows(control === undefined ? rows : [...rows, control])
    prompts?.clip.dispose()
  }
}

async function scoreOpened(
  { rows, control, prompts, pictures }: Opened,
  { config, threshold, notices }: ReportedRun,
  options: GatherOptions,
): Promise<StageScores | undefined> {
  if (rows.length === 0) return undefined
  const judged = options.ablation === undefined ? (options.judged ?? JUDGED_PICTURES) : 0
  const scores = await scoreStages({
    pictures,
    rows,
    ...(control === undefined ? {} : { control }),
    prompts,
    config,
    threshold,
    ...(options.refine === undefined ? {} : { refine: options.refine }),
    shown: options.pictures ?? GALLERY_SIZE,
    judged,
    onProgress: options.onProgress,
    signal: options.signal,
  })
  notices.push(...pictureNotices(pictures, scores, options), ...scores.notices)
  return scores
}

type Pictures = Awaited<ReturnType<typeof openReportPictures>>

interface Opened {
  rows: Row[]
  control: Row | undefined
  prompts: LearnedPrompts | undefined
  pictures: Pictures
}

function pictureNotices(
  { dataset, source, threshold }: Pictures,
  { ablation }: StageScores,
  options: GatherOptions,
): string[] {
  const from = `${dataset.name} (${dataset.items.length} pictures)`
  const notices = [`The gallery is of ${from}.`]
  if (source === 'predicted')
    notices.push(`Labels are PREDICTED by the generator: classes with a score of at least ${threshold}.`)
  if (source === 'list') notices.push('Labels are those given in the call.')
  const [row] = ablation
  if (row !== undefined)
    notices.push(
      `Stages are judged on ${row.pictures} of these pictures with ground truth${source === 'predicted' ? '' : '; masks are told the image-level labels'}.`,
    )
  else if (options.ablation === undefined && options.judged !== 0)
    notices.push('Nothing is judged: these pictures have no ground truth.')
  return notices
}

function checkNumbers({ threshold, pictures = 0, judged = 0 }: GatherOptions & { threshold: number }): void {
  const wrong = (field: string, value: number, expected: string) =>
    new SemplesError('SEMPLES_CONFIG_INVALID', { message: 'A number is out of range.', field, value, expected })
  if (!(threshold >= 0 && threshold <= 1)) throw wrong('threshold', threshold, '0 to 1')
  for (const [field, value] of Object.entries({ pictures, judged }))
    if (!(Number.isSafeInteger(value) && value >= 0)) throw wrong(field, value, 'a whole number from 0')
}
