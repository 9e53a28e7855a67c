import { Command } from 'commander'
import { itemProgress } from '../../base/progress.js'
import type { Cli } from '../cli.js'
import { describeCheck } from '../dataCheck.js'
import { addOutputOptions, examples, type OutputOptions, shared } from '../options.js'
import { printJson } from '../output.js'
import { openView } from '../progress/view.js'

interface CheckOptions extends OutputOptions {
  labels?: string
  classes?: string
  images?: string
  val?: number
  split?: 'train' | 'val'
}

export function dataCommand(cli: Cli): Command {
  return new Command('data').description('Looks at data before training.').addCommand(checkCommand(cli))
}

function checkCommand(cli: Cli): Command {
  const command = new Command('check')
    .summary('say what a folder is taken for, and what is wrong with it')
    .description(
      'Says in plain words what a folder of data is taken for: kind, labels, pictures of each class, sizes, masks, files that cannot be read or are there twice; and what to do. Reads every picture, writes nothing. Exit status 1 where training cannot start.',
    )
    .argument('<dir>', 'folder of the data: a published data set or a folder of pictures (docs/data.md)')
    .addOption(shared.labels())
    .addOption(shared.classes())
    .addOption(shared.images())
    .addOption(shared.val())
    .addOption(shared.split('train'))
    .addHelpText(
      'after',
      examples(
        'semples data check photos',
        'semples data check photos --labels labels.csv',
        'semples data check photos --labels cls_labels.npy --classes voc2012',
        'semples data check VOCdevkit/VOC2012 --split val',
      ),
    )
    .action((folder: string, options: CheckOptions) => check(cli, folder, options))
  return addOutputOptions(command)
}

async function check(
  cli: Cli,
  data: string,
  { labels, classes, images, val, split, json, quiet }: CheckOptions,
): Promise<void> {
  const { terminal, signal, jobs } = cli
  const view = await openView(terminal, quiet)
  const progress = itemProgress('check')
  const result = await jobs
    .checkData({
      data,
      labels,
      classes,
      images,
      val,
      split,
      signal,
      onProgress: (done, total) => view.show(progress(done, total)),
    })
    .finally(() => view.close())
  if (json) printJson(terminal, result)
  else for (const line of describeCheck(result, data, { labels, classes, images, val }, terminal)) terminal.out(line)
  if (!result.canTrain) cli.status = 1
}
