import { Command } from 'commander'
import type { AblationRow } from '../../report/runReport.js'
import type { DemoResult } from '../../runs/demo.js'
import type { Cli } from '../cli.js'
import { addModelOptions, examples, integer, type ModelOptions, precisionOption } from '../options.js'
import { gapRows, percent, printJson, table } from '../output.js'
import { openView } from '../progress/view.js'

interface DemoOptions extends ModelOptions {
  out?: string
  seed: number
  segment?: boolean
}

export function demoCommand(cli: Cli): Command {
  const command = new Command('demo')
    .description(
      'Draws pictures with image-level labels, trains all stages on them with the small CLIP of the package, evaluates the masks of each stage, and writes a report to open in a browser. Needs no weights and no data.',
    )
    .option(
      '--out <dir>',
      'folder for pictures, runs and report; an interrupted demo in it is resumed (default: runs/demo-<seed>)',
    )
    .option('--seed <integer>', 'random seed of pictures and training', integer, 0)
    .option(
      '--segment',
      'also train a segmentation model on the masks, and one on ground truth to compare it with: several minutes more',
    )
    .addHelpText(
      'after',
      examples(
        'semples demo',
        'semples demo --segment',
        'semples demo --seed 7 --out runs/seven',
        'semples demo --json',
      ),
    )
    .action((options: DemoOptions) => demo(cli, options))
  return addModelOptions(command.addOption(precisionOption()))
}

async function demo(cli: Cli, options: DemoOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { offline, quiet, json, ...settings } = options
  cli.afterInterrupt = () => 'To resume, type the same command again.'
  await jobs.ensureLibTorch({ offline, device: settings.device, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const result = await jobs
    .demo({ ...settings, onProgress: (progress) => view.show(progress), signal })
    .finally(() => view.close())
  if (json) printJson(terminal, machineReadable(result))
  else for (const line of describe(result)) terminal.out(line)
}

/** The fields of `--json`; mIoU as fractions. */
function machineReadable({ seed, seconds, ablation, control, segmenters, prompts, report }: DemoResult) {
  return {
    seed,
    seconds,
    ablation: ablation.map(({ name, miou, best }) => ({ name, miou, miouBest: best?.miou })),
    control: control.miou,
    ...(segmenters.length === 0 ? {} : { segmenters: segmenters.map(({ name, miou }) => ({ name, miou })) }),
    prompts: Object.fromEntries(prompts.map(({ label, words }) => [label, words.map(({ word }) => word)])),
    report,
  }
}

function describe(result: DemoResult): string[] {
  const { seed, ablation, control, segmenters, prompts, vocabulary, threshold, seconds, report } = result
  const row = ({ name, description, miou, best }: AblationRow) => [
    name,
    percent(miou),
    best === undefined ? '-' : `${percent(best.miou)} at ${best.threshold.toFixed(2)}`,
    description,
  ]
  return [
    `Mean IoU in % on ${ablation[0]?.pictures} pictures that were not trained on, seed ${seed}:`,
    '',
    ...table([
      ['', `threshold ${threshold.toFixed(2)}`, 'best threshold (uses pixel labels)', ''],
      ...[...ablation, control, ...segmenters].map(row),
      ...gapRows(segmenters),
    ]),
    '',
    `Nearest of ${vocabulary.length} words to each learned prompt:`,
    '',
    ...table([
      ['class', 'nearest words (cosine)'],
      ...prompts.map(({ label, words }) => [
        label,
        words
          .slice(0, 3)
          .map(({ word, cosine }) => `${word} ${cosine.toFixed(2)}`)
          .join(', '),
      ]),
    ]),
    '',
    `(${vocabulary.join(', ')})`,
    '',
    `Done in ${Math.round(seconds)} s. To see the pictures, open ${report}`,
  ]
}
