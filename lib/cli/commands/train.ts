import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import type { TrainConfigInput } from '../../config/types.js'
import type { MemoryCheck } from '../../runs/memory/check.js'
import type { StageSummary } from '../../runs/summary.js'
import type { RunResult } from '../../runs/trainSemPLeS.js'
import { addressOf, weightsNamed } from '../../weights/table.js'
import { sizeWords } from '../../weights/words.js'
import type { Cli } from '../cli.js'
import {
  addModelOptions,
  collect,
  examples,
  type ModelOptions,
  memoryCheckOption,
  precisionOption,
  shared,
} from '../options.js'
import { printJson, shellWord, table, warningLines } from '../output.js'
import { planLines } from '../plan.js'
import { decimal, roughDuration } from '../progress/format.js'
import { openView } from '../progress/view.js'
import { type TrainFlags, trainInput } from '../trainInput.js'

interface TrainOptions extends TrainFlags, Omit<ModelOptions, 'device' | 'precision' | 'threads'> {
  resume?: string
  dryRun?: boolean
  memoryCheck?: MemoryCheck
  tensorboard?: boolean
  report: boolean
  segment?: boolean
}

export function trainCommand(cli: Cli): Command {
  const command = new Command('train')
    .description(
      'Trains a mask generator on pictures of which only the classes they show are known, in four stages: classify, match, prompt, guide. Writes a run folder, from which "semples masks" makes masks.',
    )
    .addOption(shared.data())
    .addOption(shared.labels())
    .addOption(shared.classes())
    .addOption(shared.images())
    .addOption(shared.val())
    .option(
      '--preset <name>',
      'recipe: voc2012 or coco2014, as published; cnn, a ResNet-50 with the CAM step of IRN; photos, a few hundred photographs on a processor; demo, to try things out (default: the numbers of voc2012, lighter augmentation)',
    )
    .option(
      '--clip <file>',
      'CLIP: ViT-B-32.pt of OpenAI, or weights of open_clip or Hugging Face; or a name, as clip-vit-b-32',
    )
    .option(
      '--weights <file>',
      'weights to start from (DeiT-S/16 or WeakTr; .pth or safetensors), a name that "semples weights" prints, or random',
    )
    .option('--out <dir>', 'run folder to write: new or empty')
    .option('--set <field=value>', 'any field of the config, may be repeated; "semples config" lists them', collect)
    .option('--config <file>', 'JSON with fields of the config; options given here win over it')
    .option('--epochs <number>', "passes over the pictures in every stage (default: the preset's)")
    .option('--batch <number>', "pictures a step in every stage (default: the preset's)")
    .option('--lr <number>', "base learning rate of every stage (default: the preset's)")
    .option('--stages <list>', 'stages to run: classify,match,prompt,guide or some of them')
    .option('--seed <number>', 'seed of shuffling, augmentation and initial weights (default: 504)')
    .option('--tensorboard', 'also write event files for TensorBoard: tensorboard --logdir RUN/tensorboard')
    .option(
      '--segment',
      'then train a segmentation model on the masks of these pictures, in segmenter/ of the run: it needs no labels (semples predict)',
    )
    .option('--no-report', 'do not write report.html into the run folder at the end')
    .option(
      '--dry-run',
      'do everything but train: open data, weights and CLIP, and print steps, rates, memory, hours and what is missing',
    )
    .addOption(memoryCheckOption())
    .option('--resume <run>', 'go on with an interrupted run; it keeps its config')
    .option('--reference', 'published behaviour throughout (selects epochs by pixel labels)')
    .addHelpText(
      'after',
      examples(
        'semples train --data photos --preset photos --stages classify --out runs/first',
        'semples train --data photos --labels labels.csv --clip ViT-B-32.pt --weights deit_small_patch16_224-cd65a155.pth --out runs/boats',
        'semples train --data VOCdevkit/VOC2012 --preset voc2012 --clip ViT-B-32.pt --weights deit_small_patch16_224-cd65a155.pth --out runs/voc',
        'semples train --data coco --preset coco2014 --set batch=4 --set lr=1e-4 --set match.epochs=10 ...',
        'semples train --data photos --preset photos --stages classify --out runs/first --dry-run',
        'semples train --data photos --val 0.2 --epochs 20 --batch 16 --preset photos --stages classify --out runs/first',
        'semples train --data scenes --preset demo --out runs/scenes',
        'semples train --data scenes --preset demo --segment --out runs/scenes',
        'semples train --resume runs/boats',
      ),
    )
    .addHelpText('after', () => whatToFetch())
    .action((options: TrainOptions) => train(cli, options))
  return addModelOptions(command.addOption(precisionOption()))
}

async function train(cli: Cli, options: TrainOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { resume, tensorboard, report, offline, quiet, json } = options
  const input = await trainInput(options)
  if (options.dryRun) return dryRun(cli, input, options)
  // Mistakes are told before anything is fetched.
  const { resolveConfig } = await import('../../config/resolve.js')
  const { stagesOf } = await import('../../config/stagesOf.js')
  const config = resume === undefined ? resolveConfig(input) : undefined
  const weights = config?.generator.weights
  if (config !== undefined && !stagesOf(config).some(({ needsClip }) => needsClip))
    refuseUseless({ '--clip': options.clip }, `with the stages ${config.stages.join(', ')}, which do without CLIP`)
  const out = resume ?? input.out
  cli.afterInterrupt = () =>
    out !== undefined && existsSync(join(out, 'run.json'))
      ? `To go on, type: npx semples train --resume ${shellWord(out)}`
      : undefined
  await jobs.ensureLibTorch({ offline, device: input.device, quiet, write: terminal.err, signal })
  const clip =
    config !== undefined && stagesOf(config).some(({ needsClip }) => needsClip) ? config.clip.path : undefined
  await jobs.ensureWeights({ weights, clip, run: resume, offline, quiet, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const result = await jobs
    .train({
      ...input,
      ...(resume === undefined ? {} : { resume }),
      ...(tensorboard ? { tensorboard } : {}),
      report,
      ...(options.segment ? { segment: true } : {}),
      ...(options.memoryCheck === undefined ? {} : { memoryCheck: options.memoryCheck }),
      onProgress: (progress) => view.show(progress),
      signal,
    })
    .finally(() => view.close())
  if (json) printJson(terminal, result)
  else for (const line of summary(result)) terminal.out(line)
  if (tensorboard && !json)
    terminal.out(`For curves, type: tensorboard --logdir ${shellWord(join(result.out, 'tensorboard'))}`)
}

/** Everything but training; the exit status says whether it could begin. */
async function dryRun(cli: Cli, input: TrainConfigInput, options: TrainOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { resume, quiet, json, memoryCheck, report } = options
  if (resume !== undefined)
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: 'A run that goes on has its config already.',
      field: '--dry-run',
      hint: 'Leave out --resume or --dry-run.',
    })
  refuseUseless({ '--segment': options.segment }, 'with --dry-run, which plans the stages of the mask generator')
  const view = await openView(terminal, quiet)
  const plan = await jobs
    .plan({
      ...input,
      report,
      ...(memoryCheck === undefined ? {} : { memoryCheck }),
      onProgress: (progress) => {
        // The rest is in the plan.
        if (progress.stage === 'plan') view.show(progress)
      },
      signal,
    })
    .finally(() => view.close())
  if (json) printJson(terminal, plan)
  else for (const line of planLines(plan)) terminal.out(line)
  if (plan.missing.length > 0) cli.status = 1
}

/** What a run came to, as lines. */
export function summary({ out, stages, warnings, report, segmenter }: RunResult): string[] {
  return [
    ...stageTable(stages),
    '',
    ...warningLines(warnings),
    `The run is in ${resolve(out)}`,
    ...(report === undefined ? [] : [`The report is ${report}`]),
    ...(segmenter === undefined
      ? [`For masks, type: npx semples masks --run ${shellWord(out)} --out masks`]
      : [
          `The segmentation model is in ${segmenter}`,
          `For masks of any pictures, type: npx semples predict --run ${shellWord(out)} FILE...`,
        ]),
  ]
}

/** What stages came to, as lines. */
export function stageTable(stages: readonly StageSummary<string>[]): string[] {
  const someSkipped = stages.some(({ skipped }) => skipped !== undefined)
  const rows = stages.map(({ name, epochs, steps, skipped = 0, firstLoss, lastLoss, seconds }) => [
    name,
    epochs,
    steps,
    ...(someSkipped ? [skipped] : []),
    `${decimal(firstLoss)} → ${decimal(lastLoss)}`,
    roughDuration(seconds),
  ])
  return [
    ...table([
      ['stage', 'epochs', 'steps', ...(someSkipped ? ['skipped'] : []), 'loss (first → last quarter)', 'time'],
      ...rows,
    ]),
    ...(someSkipped ? ['(A step is skipped where no picture of its batch has anything to learn from.)'] : []),
  ]
}

function whatToFetch(): string {
  const published = (name: string) => ({ size: sizeWords(weightsNamed(name)), address: addressOf(weightsNamed(name)) })
  const [clip, deit] = [published('clip-vit-b-32'), published('deit-small')]
  return `
What to fetch, once:
  --clip       clip-vit-b-32: OpenAI's ViT-B/32 (ViT-B-32.pt, ${clip.size}), fetched by that name, or as a file, unchanged:
               ${clip.address}
  --weights    deit-small: DeiT-S/16 (deit_small_patch16_224-cd65a155.pth, ${deit.size}), fetched by that name, or as a file:
               ${deit.address}
  "semples weights" lists all names and what is here already.
  For photographs, neither: --preset photos --stages classify trains an EfficientNet-Lite0, which is fetched by itself,
               without CLIP and prompts. All four stages with that preset: docs/photographs.md.
  To try things out on drawn scenes ("semples scenes"), neither: --preset demo takes the small models of the package, which
               know nothing else.
`
}
