import { Command } from 'commander'
import type { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import type { Inspection } from '../../runs/inspect/types.js'
import type { Cli } from '../cli.js'
import { reportFailure } from '../failures.js'
import { describeInspection } from '../inspect.js'
import { examples, shared } from '../options.js'
import { printJson } from '../output.js'

interface InspectOptions {
  json?: boolean
  tensors?: boolean
}

export function inspectCommand(cli: Cli): Command {
  return new Command('inspect')
    .description(
      'Says what any file or folder is, by its content and not by its name, and what to type to use it: weights, runs, score maps, masks, labels, pictures, data. Nothing in a file is run; needs no LibTorch. Exit status 1 where one could not be understood.',
    )
    .argument('<files...>', 'files or folders')
    .option('--tensors', 'of weights: print the name, type and shape of every tensor')
    .addOption(shared.json())
    .addHelpText(
      'after',
      examples(
        'semples inspect deit_small_patch16_224-cd65a155.pth',
        'semples inspect ViT-B-32.pt --json',
        'semples inspect model.safetensors --tensors',
        'semples inspect cams/2007_000032.npy masks/2007_000032.png cls_labels.npy runs/boats',
      ),
    )
    .action((files: string[], options: InspectOptions) => inspect(cli, files, options))
}

async function inspect(cli: Cli, files: readonly string[], { json, tensors }: InspectOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  if (json) refuseUseless({ '--tensors': tensors }, 'beside --json, which lists every tensor anyway')
  const found: (Inspection | { path: string; error: unknown })[] = []
  for (const [index, file] of files.entries()) {
    signal.throwIfAborted()
    try {
      const inspection = await jobs.inspect(file)
      found.push(inspection)
      if (json) continue
      if (index > 0) terminal.out('')
      for (const line of describeInspection(inspection, terminal, { tensors })) terminal.out(line)
    } catch (error) {
      // Interrupted: no further file.
      signal.throwIfAborted()
      reportFailure(error, cli)
      cli.status = 1
      const { code, message, hint } = error as Partial<SemplesError>
      found.push({ path: file, error: { code, message, hint } })
    }
  }
  if (json) printJson(terminal, found)
}
