import { Command, Option } from 'commander'
import { refuseUseless } from '../../base/useless.js'
import { type CrfPreset, crfPresetNames } from '../../refine/presets.js'
import type { ReportResult } from '../../runs/report.js'
import type { Cli } from '../cli.js'
import { dataAndSplit } from '../data.js'
import { addModelOptions, examples, fraction, integer, type ModelOptions, shared } from '../options.js'
import { gapRows, percent, printJson, table } from '../output.js'
import { openView } from '../progress/view.js'

interface ReportOptions extends ModelOptions {
  out?: string
  data?: string
  labels?: string
  images?: string
  val?: number
  labelThreshold?: number
  split?: 'train' | 'val'
  exif?: 'apply' | 'ignore'
  pictures?: number
  review?: string
  judged?: number
  threshold?: number
  refine?: CrfPreset
  gallery: boolean
}

export function reportCommand(cli: Cli): Command {
  const command = new Command('report')
    .description(
      'Writes one HTML file about a run, finished or not: loss curves, masks of every stage with their scores where there is ground truth, and for each learned prompt a heat map and the nearest words. It opens in any browser, without a network.',
    )
    .argument('<run>', 'folder of the run, as "semples train --out" made it')
    .option('--out <file>', 'the HTML file (default: report.html in the folder of the run)')
    .addOption(shared.data().default(undefined, "the run's own"))
    .option(
      '--labels <file>',
      'labels of a plain folder: CSV "file,labels" or JSON; or "predicted": the generator predicts them',
    )
    .option('--label-threshold <number>', '0 to 1: minimum score of a predicted label (default: 0.5)', fraction)
    .addOption(shared.images())
    .addOption(shared.val())
    .addOption(shared.split('val where it has ground truth, else train'))
    .addOption(shared.exif())
    .option('--pictures <number>', 'pictures to show (default: 24)', integer)
    .option(
      '--review <file>',
      'review.csv of "semples masks --review", or the folder of the masks: shows those to look at first, in that order',
    )
    .option('--judged <number>', 'maximum number of pictures with ground truth to evaluate (default: 200)', integer)
    .option(
      '--threshold <number>',
      "0 to 1: pixels where no class scores higher are background (default: the run's)",
      fraction,
    )
    .addOption(
      new Option('--refine <preset>', 'also show the masks of the last stage refined by dense CRF').choices(
        crfPresetNames,
      ),
    )
    .option('--no-gallery', 'only curves and config; needs neither LibTorch nor the pictures')
    .addHelpText(
      'after',
      examples(
        'semples report runs/boats',
        'semples report runs/voc --split val --pictures 48 --out voc.html',
        'semples report runs/boats --review masks --out review.html',
        'semples report runs/boats --data new-photos --labels predicted --out new.html',
      ),
    )
    .action((run: string, options: ReportOptions) => report(cli, run, options))
  return addModelOptions(command)
}

async function report(cli: Cli, run: string, options: ReportOptions): Promise<void> {
  const { terminal, jobs, signal } = cli
  const { data, labels, images, val, refine, exif, split: which, offline, json, quiet, ...rest } = options
  const predicted = labels === 'predicted'
  const { labelThreshold, pictures, review, judged, threshold, device, threads } = rest
  if (!rest.gallery)
    refuseUseless(
      {
        ...{ '--data': data, '--labels': labels, '--images': images, '--val': val, '--split': which, '--exif': exif },
        ...{ '--label-threshold': labelThreshold, '--pictures': pictures, '--judged': judged, '--refine': refine },
        ...{ '--review': review },
        ...{ '--threshold': threshold, '--device': device, '--threads': threads },
      },
      'with --no-gallery, which shows no picture',
    )
  if (data === undefined)
    refuseUseless(
      { '--labels': predicted ? undefined : labels, '--images': images, '--val': val, '--exif': exif },
      "without --data: the run's own data have it in its config",
    )
  if (!predicted) refuseUseless({ '--label-threshold': labelThreshold }, 'without --labels predicted')
  const { data: given, split } = await dataAndSplit(data, {
    ...{ images, val, exif, split: which },
    ...(predicted ? {} : { labels }),
  })
  if (rest.gallery) await fetchLibTorch(cli, offline, rest.device)
  const view = await openView(terminal, quiet)
  const result = await jobs
    .report({
      ...rest,
      run,
      ...(given === undefined ? {} : { data: given }),
      ...(split === undefined ? {} : { split }),
      ...(predicted ? { labels } : {}),
      ...(refine === undefined ? {} : { refine: { preset: refine } }),
      onProgress: (progress) => view.show(progress),
      signal,
    })
    .finally(() => view.close())
  if (json) printJson(terminal, result)
  else for (const line of summary(result)) terminal.out(line)
}

/** Without LibTorch a report is written all the same, with a notice of what is missing. */
async function fetchLibTorch({ jobs, terminal, signal }: Cli, offline?: boolean, device?: string): Promise<void> {
  try {
    await jobs.ensureLibTorch({ offline, device, write: terminal.err, signal })
  } catch (error) {
    signal.throwIfAborted()
    terminal.err(error instanceof Error ? error.message : String(error))
  }
}

function summary({ path, ablation, segmenters, prompts, notices }: ReportResult): string[] {
  const rows = [
    ...[...ablation, ...segmenters].map(({ name, miou, best }) => [
      name,
      percent(miou),
      best === undefined ? '-' : `${percent(best.miou)} (at ${best.threshold})`,
    ]),
    ...gapRows(segmenters).map(([name, points]) => [name!, points!, '']),
  ]
  return [
    ...(rows.length === 0 ? [] : [...table([['masks', 'mIoU %', 'best threshold (uses pixel labels)'], ...rows]), '']),
    ...prompts.map(({ label, words }) => {
      const nearest = words.slice(0, 3).map(({ word }) => word)
      return `prompt of ${label}: ${nearest.join(', ')}`
    }),
    ...notices,
    `The report is ${path}`,
  ]
}
