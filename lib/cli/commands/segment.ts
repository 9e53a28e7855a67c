import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import { type CrfPreset, crfPresetNames } from '../../refine/presets.js'
import type { MemoryCheck } from '../../runs/memory/check.js'
import type { TrainSegmenterResult } from '../../runs/segment/trainSegmenter.js'
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
import { printJson, shellWord, warningLines } from '../output.js'
import { openView } from '../progress/view.js'
import { type SegmentFlags, segmentInput } from '../segmentInput.js'
import { predictCommand } from './predict.js'
import { segmentConfigCommand } from './segmentConfig.js'
import { stageTable } from './train.js'

interface SegmentTrainOptions extends SegmentFlags, Omit<ModelOptions, 'device' | 'precision' | 'threads'> {
  refine?: CrfPreset | 'none'
  resume?: string
  tensorboard?: boolean
  memoryCheck?: MemoryCheck
}

export function segmentCommand(cli: Cli): Command {
  return new Command('segment')
    .description(
      'Trains a segmentation model on masks, which then needs no labels: any picture in, a mask out (docs/segment.md).',
    )
    .addCommand(trainCommand(cli))
    .addCommand(segmentConfigCommand(cli))
    .addCommand(predictCommand(cli, undefined, 'segment predict'))
}

function trainCommand(cli: Cli): Command {
  const command = new Command('train')
    .description(
      'Trains a segmentation model on masks of any origin: those of a run (--run), which are made first, or a folder of them (--masks). Writes a run folder, with which "semples predict" segments any picture.',
    )
    .option(
      '--run <dir>',
      'run of "semples train": its pictures, classes and generator are what the model starts from; its masks are made first (masks/ in it). Written to segmenter/ in it, or with --truth to upper-bound/',
    )
    .addOption(
      new Option(
        '--refine <preset>',
        'with --run: refine its masks by dense CRF with these published settings (default: deeplab)',
      ).choices([...crfPresetNames, 'none']),
    )
    .addOption(shared.data())
    .option('--masks <dir>', 'masks of these pictures, <picture>.png, of any origin; 255 is ignored')
    .option(
      '--scores <dir>',
      'instead, scores of their classes (semples masks --npy): the highest is the label, weighted by how sure it is',
    )
    .option('--truth', 'instead, the ground truth of the data: full supervision, as an upper bound')
    .addOption(shared.labels())
    .addOption(shared.classes())
    .addOption(shared.images())
    .addOption(shared.val())
    .option('--model <kind>', 'vit-mask, deeplabv3plus or clip-decoder (default: what suits the run; else vit-mask)')
    .option(
      '--weights <file>',
      'weights of the encoder: a file, a name that "semples weights" prints, or random (default: the generator of the run; else deit-small or the backbone\'s)',
    )
    .option('--clip <file>', 'CLIP of a clip-decoder, a file or a name (default: that of the run)')
    .option('--preset <name>', 'recipe: voc2012, coco2014, photos or demo (default: that of the run)')
    .option('--out <dir>', 'run folder to write: new or empty (default with --run: segmenter or upper-bound in it)')
    .option('--epochs <number>', 'passes over the pictures')
    .option('--batch <number>', 'pictures a step')
    .option('--lr <number>', 'learning rate')
    .option(
      '--seed <number>',
      'seed of shuffling, augmentation and initial weights (default: that of the run; else 504)',
    )
    .option(
      '--set <field=value>',
      'any field of the config, may be repeated ("semples segment config" lists them)',
      collect,
    )
    .option('--config <file>', 'JSON with fields of the config; options given here win over it')
    .option('--tensorboard', 'also write event files for TensorBoard: tensorboard --logdir RUN/tensorboard')
    .addOption(memoryCheckOption())
    .option('--resume <run>', 'go on with an interrupted run; it keeps its config')
    .addHelpText(
      'after',
      examples(
        'semples segment train --run runs/boats',
        'semples segment train --run runs/boats --truth',
        'semples segment train --data photos --masks masks --classes voc2012 --model deeplabv3plus --out runs/segmenter',
        'semples segment train --resume runs/segmenter',
        'semples predict --run runs/segmenter holiday.jpg',
      ),
    )
    .action((options: SegmentTrainOptions) => train(cli, options))
  return addModelOptions(command.addOption(precisionOption()))
}

async function train(cli: Cli, options: SegmentTrainOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { run, refine, resume, tensorboard, memoryCheck, offline, quiet, json } = options
  if (resume !== undefined) refuseUseless({ '--refine': refine }, 'with --resume')
  if (run === undefined) refuseUseless({ '--refine': refine }, 'without --run, of which masks are made')
  const taken = options.masks ?? options.scores
  if (taken !== undefined || options.truth)
    refuseUseless({ '--refine': refine }, 'where no masks are made: what the model learns from is taken as it is')
  const input = await segmentInput(options)
  if (run === undefined && resume === undefined && input.data === undefined)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message:
        'There is nothing to learn from: add --run RUN, a run of semples train, or --data DIR and --masks DIR, pictures and their masks.',
      field: '--data',
    })
  const { neededOf } = await import('../../runs/segment/needed.js')
  // Mistakes are told before anything is fetched.
  const needed = await neededOf(input, { run, resume })
  const out = resume ?? needed.out
  cli.afterInterrupt = () =>
    existsSync(join(out, 'run.json'))
      ? `To go on, type: npx semples segment train --resume ${shellWord(out)}`
      : run === undefined
        ? undefined
        : `To go on, type the same command again: masks that are finished are kept.`
  await jobs.ensureLibTorch({ offline, device: input.device, quiet, write: terminal.err, signal })
  await jobs.ensureWeights({ ...needed, offline, quiet, write: terminal.err, signal })
  const view = await openView(terminal, quiet)
  const result = await jobs
    .trainSegmenter({
      ...input,
      ...(run === undefined ? {} : { run }),
      ...(refine === undefined ? {} : { refine }),
      ...(resume === undefined ? {} : { resume }),
      ...(tensorboard ? { tensorboard } : {}),
      ...(memoryCheck === undefined ? {} : { memoryCheck }),
      onProgress: (progress) => view.show(progress),
      signal,
    })
    .finally(() => view.close())
  if (json) printJson(terminal, result)
  else for (const line of summary(result)) terminal.out(line)
}

function summary({ out, stages, warnings }: TrainSegmenterResult): string[] {
  return [
    ...stageTable(stages),
    '',
    ...warningLines(warnings),
    `The run is in ${resolve(out)}`,
    `For masks of any pictures, type: npx semples predict --run ${shellWord(out)} FILE...`,
  ]
}
