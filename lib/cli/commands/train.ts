import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import type { RunResult } from '../../runs/trainSemPLeS.js'
import type { Cli } from '../cli.js'
import { collect, examples, shared } from '../options.js'
import { decimal, duration } from '../progress/format.js'
import { openView } from '../progress/view.js'
import { table } from '../tables.js'
import { type TrainFlags, trainInput } from '../trainInput.js'

interface TrainOptions extends TrainFlags {
  resume?: string
  offline?: boolean
  json?: boolean
  quiet?: boolean
}

export function trainCommand(cli: Cli): Command {
  return new Command('train')
    .summary('train on pictures with image-level labels')
    .description(
      'Trains a mask generator on pictures of which only the classes they show are known, in four stages: classify, match, prompt, refine. Writes a run folder, from which "semples masks" makes masks.',
    )
    .addOption(shared.data())
    .addOption(shared.labels())
    .option(
      '--preset <name>',
      'published recipe: voc2012 or coco2014 (default: the numbers of voc2012, lighter augmentation)',
    )
    .option('--clip <file>', 'TorchScript archive of CLIP: ViT-B-32.pt, or one from scripts/clip/export.py')
    .option('--weights <file>', 'safetensors weights to start from (DeiT-S/16 or WeakTr), or random')
    .option('--out <dir>', 'run folder to write: new or empty')
    .option('--set <field=value>', 'any field of the config, may be repeated; "semples config" lists them', collect)
    .option('--config <file>', 'JSON with fields of the config; options given here win over it')
    .option('--stages <list>', 'stages to run: classify,match,prompt,refine or some of them')
    .option('--seed <number>', 'of everything random (default: 504)')
    .addOption(shared.device())
    .addOption(shared.threads())
    .option('--resume <run>', 'go on with an interrupted run; it keeps its config')
    .option('--reference', 'published behaviour throughout (selects epochs by pixel labels)')
    .addOption(shared.offline())
    .addOption(shared.json())
    .addOption(shared.quiet())
    .addHelpText(
      'after',
      examples(
        'semples train --data photos --labels labels.csv --clip ViT-B-32.pt --weights deit_small.safetensors --out runs/boats',
        'semples train --data VOCdevkit/VOC2012 --preset voc2012 --clip ViT-B-32.pt --weights deit_small.safetensors --out runs/voc',
        'semples train --data coco --preset coco2014 --set batch=4 --set lr=1e-4 --set match.epochs=10 ...',
        'semples train --resume runs/boats',
        '',
        'A first try that takes minutes: --weights random --set epochs=1 --set maxSteps=10 --set batch=4',
      ),
    )
    .action((options: TrainOptions) => train(cli, options))
}

async function train(cli: Cli, options: TrainOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { resume, offline, quiet, json } = options
  const input = await trainInput(options)
  // Mistakes are told before anything is fetched.
  if (resume === undefined) (await import('../../config/resolve.js')).resolveConfig(input)
  const out = resume ?? input.out
  cli.afterInterrupt = () =>
    out !== undefined && existsSync(join(out, 'run.json')) ? `To go on, type: semples train --resume ${out}` : undefined
  await jobs.ensureLibTorch({ offline, device: input.device, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const result = await jobs
    .train({
      ...input,
      ...(resume === undefined ? {} : { resume }),
      onProgress: (progress) => view.show(progress),
      signal,
    })
    .finally(() => view.close())
  if (json) terminal.out(JSON.stringify(result, undefined, 2))
  else for (const line of summary(result)) terminal.out(line)
}

/** What a run came to, as lines. */
export function summary({ out, stages, notices }: RunResult): string[] {
  const rows = stages.map(({ name, epochs, steps, firstLoss, lastLoss, seconds }) => [
    name,
    epochs,
    steps,
    `${decimal(firstLoss)} → ${decimal(lastLoss)}`,
    duration(seconds),
  ])
  return [
    ...table([['stage', 'epochs', 'steps', 'loss (first → last quarter)', 'time'], ...rows]),
    '',
    ...notices,
    `The run is in ${resolve(out)}`,
    `For masks, type: semples masks --run ${out} --out masks`,
  ]
}
