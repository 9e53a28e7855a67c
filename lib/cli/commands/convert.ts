import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { itemProgress } from '../../base/progress.js'
import type { Cli } from '../cli.js'
import { dataAndSplit, firstOptions } from '../data.js'
import { addOutputOptions, examples, type OutputOptions, shared } from '../options.js'
import { printJson, shellWord, warningLines } from '../output.js'
import { openView } from '../progress/view.js'
import { styles } from '../terminal.js'

interface ConvertOptions extends OutputOptions {
  data: string
  labels?: string
  classes?: string
  images?: string
  val?: number
  split?: 'train' | 'val'
  list?: string
  out: string
}

export function convertCommand(cli: Cli): Command {
  const command = new Command('convert')
    .description(
      'Writes VOC 2012, COCO 2014 or a folder as a plain folder: images/, labels.csv, classes.json, and masks/ where there is ground truth. Pictures are copied unchanged. After an interruption, the same command resumes.',
    )
    .addOption(shared.data().makeOptionMandatory())
    .addOption(shared.labels())
    .addOption(shared.classes())
    .addOption(shared.images())
    .addOption(shared.val())
    .addOption(shared.split('train'))
    .option(
      '--list <list>',
      'VOC 2012: a list by name or path, such as trainval; COCO 2014: a file that names pictures',
    )
    .requiredOption('--out <dir>', 'output folder: new or empty')
    .addHelpText(
      'after',
      examples(
        'semples convert --data coco --split train --out photos',
        'semples convert --data VOCdevkit/VOC2012 --list trainval --out photos',
      ),
    )
    .action((options: ConvertOptions) => convert(cli, options))
  return addOutputOptions(command)
}

async function convert(cli: Cli, options: ConvertOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { labels, classes, images, val, list, out, json, quiet } = options
  const { withList } = await import('../../datasets/kinds.js')
  const { data, split } = await dataAndSplit(options.data, { labels, classes, images, val, split: options.split })
  const spec = withList(data!, options.split ?? 'train', list)
  cli.afterInterrupt = () =>
    existsSync(join(out, 'export.json')) ? 'To resume, type the same command again.' : undefined
  const view = await openView(terminal, quiet)
  const progress = itemProgress('convert')
  const onProgress = (done: number, total: number) => view.show(progress(done, total))
  const result = await jobs
    .exportFolder({ data: spec, ...(split === undefined ? {} : { split }), out, onProgress, signal })
    .finally(() => view.close())
  if (json) {
    printJson(terminal, result)
    return
  }
  const { source, pictures, unlabelled, masks, warnings } = result
  const { bold } = styles(terminal.colorOut)
  for (const line of [
    ...warningLines(warnings),
    `${pictures} pictures of ${source} are in ${result.out}`,
    `  images/        the pictures`,
    `  labels.csv     which of ${result.classes} classes each of them shows${unlabelled > 0 ? ` (${unlabelled} show none: training leaves them out)` : ''}`,
    '  classes.json   names, ids and colours of the classes',
    ...(masks > 0 ? [`  masks/         ${masks} pixel masks, used for evaluation only`] : []),
    '',
    bold('To train on them, without a CLIP, type:'),
    `  npx semples train --data ${shellWord(out)} ${firstOptions(options.data)} --out runs/first`,
  ]) {
    terminal.out(line)
  }
}
