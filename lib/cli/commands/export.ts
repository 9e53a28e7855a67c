import { Command, Option } from 'commander'
import { count, listed } from '../../base/count.js'
import type { StageName } from '../../config/types.js'
import type { ExportFormatName } from '../../runs/export/formats.js'
import type { ExportRunOptions, ExportRunResult } from '../../runs/exportRun.js'
import type { Cli } from '../cli.js'
import { examples, shared } from '../options.js'
import { printJson, warningLines } from '../output.js'

type ExportOptions = Omit<ExportRunOptions, 'signal'> & { json?: boolean }

export function exportCommand(cli: Cli): Command {
  return new Command('export')
    .description(
      'Writes the trained weights of a run as one file for Python: the tensors of the generator under the names of DeiT and WeakTr, of torchvision or of efficientnet-lite-pytorch, the learned prompts, the labels of the classes, and the config of the network. Needs no LibTorch.',
    )
    .argument('<run>', 'folder of the run, as "semples train --out" made it')
    .requiredOption('--out <file>', 'the file to write, such as boats.pth or boats.safetensors; nothing may be there')
    .addOption(
      new Option(
        '--format <name>',
        'pth, for torch.load with weights_only=True, or safetensors (default: what the name of the file says)',
      ).choices(['pth', 'safetensors'] satisfies ExportFormatName[]),
    )
    .addOption(
      new Option('--stage <name>', 'whose generator (default: the last one that is trained)').choices([
        'classify',
        'match',
        'guide',
      ] satisfies StageName[]),
    )
    .addOption(
      new Option(
        '--epoch <which>',
        'which weights of the stage (default: best where training selected epochs, else last)',
      ).choices(['best', 'last']),
    )
    .addOption(shared.json())
    .addHelpText(
      'after',
      examples(
        'semples export runs/boats --out boats.pth',
        'semples export runs/boats --format safetensors --out boats.safetensors',
        'semples export runs/boats --stage classify --out classifier.pth',
      ),
    )
    .action((run: string, options: ExportOptions) => exportWeights(cli, run, options))
}

async function exportWeights({ jobs, terminal, signal }: Cli, run: string, options: ExportOptions): Promise<void> {
  const { json, ...rest } = options
  const result = await jobs.exportRun({ run, ...rest, signal })
  if (json) printJson(terminal, result)
  else for (const line of summary(result)) terminal.out(line)
}

function summary(result: ExportRunResult): string[] {
  const { path, bytes, tensors, parameters, prompts, classes, stage, epoch, python, warnings } = result
  const learned = prompts === undefined ? [] : [`  prompts: ${prompts.join(' x ')}, one for each class`]
  return [
    ...warningLines(warnings),
    `The weights are in ${path} (${(bytes / 1e6).toFixed(1)} MB)`,
    `  ${count(tensors, 'tensor')} of the generator, ${count(parameters, 'number')}, of stage ${stage} after ${count(epoch, 'epoch')}`,
    ...learned,
    `  classes: ${listed(classes, 20)}`,
    'In Python:',
    `  ${python}`,
  ]
}
