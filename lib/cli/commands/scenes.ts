import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { itemProgress } from '../../base/progress.js'
import type { Cli } from '../cli.js'
import { addOutputOptions, examples, integer, type OutputOptions } from '../options.js'
import { printJson, shellWord } from '../output.js'
import { openView } from '../progress/view.js'
import { styles } from '../terminal.js'

interface ScenesOptions extends OutputOptions {
  out: string
  train: number
  val: number
  seed: number
  size: number
}

export function scenesCommand(cli: Cli): Command {
  const command = new Command('scenes')
    .description(
      'Draws scenes of objects before the backgrounds that go with them, and writes them as a PASCAL VOC 2012 data set with labels files, masks and captions. The same seed draws the same pictures.',
    )
    .requiredOption('--out <dir>', 'output folder: new or empty')
    .option('--train <number>', 'number of pictures to train on', integer, 300)
    .option('--val <number>', 'number of pictures to evaluate on', integer, 100)
    .option('--seed <number>', 'random seed', integer, 0)
    .option('--size <pixels>', 'width and height of a picture', integer, 96)
    .addHelpText(
      'after',
      examples('semples scenes --out scenes', 'semples scenes --out many --train 5000 --val 500 --size 224'),
    )
    .action((options: ScenesOptions) => scenes(cli, options))
  return addOutputOptions(command)
}

async function scenes(cli: Cli, { json, quiet, ...options }: ScenesOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const view = await openView(terminal, quiet)
  const progress = itemProgress('scenes')
  const { reused } = await jobs
    .writeScenes({ ...options, onProgress: (done, total) => view.show(progress(done, total)), signal })
    .finally(() => view.close())
  const out = resolve(options.out)
  const labels = { train: join(out, 'train.csv'), val: join(out, 'val.csv') }
  if (json) {
    const inside = { pictures: join(out, 'JPEGImages'), labels, masks: join(out, 'SegmentationClass') }
    printJson(terminal, { ...options, out, ...inside, classes: join(out, 'classes.json'), reused })
    return
  }
  const { bold } = styles(terminal.colorOut)
  const { train, val } = options
  const excerpt = readFileSync(train > 0 ? labels.train : labels.val, 'utf8')
    .split('\n')
    .slice(0, 3)
    .filter((row) => row !== '')
  for (const line of [
    `${train + val} scenes ${reused ? 'were already' : 'are'} in ${out}: ${train} to train on, ${val} to evaluate on.`,
    '  JPEGImages/          the pictures',
    '  train.csv, val.csv   which classes each of them shows: the only labels that training uses',
    '  SegmentationClass/   pixel masks, used for evaluation only',
    '  classes.json         names, ids and colours of the classes',
    '  Annotations/, ImageSets/   the same as PASCAL VOC 2012 has it; captions.jsonl: a sentence for each picture',
    '',
    bold('Your own data needs pictures and a file like train.csv, nothing else:'),
    ...excerpt.map((row) => `  ${row}`),
    '',
    bold('To train on the scenes, type:'),
    `  npx semples train --data ${shellWord(options.out)} --preset demo --out runs/scenes`,
  ]) {
    terminal.out(line)
  }
}
