import { Command } from 'commander'
import type { Cli } from '../cli.js'
import { shared } from '../options.js'
import { openView } from '../progress/view.js'
import { summary } from './train.js'

interface DemoOptions {
  out: string
  clip?: string
  seed: string
  device?: string
  threads?: string
  offline?: boolean
  quiet?: boolean
}

export function demoCommand(cli: Cli): Command {
  return new Command('demo')
    .summary('try everything on drawn pictures, in minutes')
    .description(
      'Draws pictures with labels, trains briefly on them, makes masks and compares them with the drawn ones.',
    )
    .option('--out <dir>', 'folder for pictures, run and masks; what is there already is gone on with', 'runs/demo')
    .option('--clip <file>', "TorchScript archive of CLIP (default: the package's own small one)")
    .option('--seed <number>', 'of everything random', '0')
    .addOption(shared.device())
    .addOption(shared.threads())
    .addOption(shared.offline())
    .addOption(shared.quiet())
    .action((options: DemoOptions) => demo(cli, options))
}

async function demo(cli: Cli, options: DemoOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  const { out, offline, quiet, device } = options
  cli.afterInterrupt = () => 'To go on, type the same command again.'
  await jobs.ensureLibTorch({ offline, device, write: terminal.err, signal })
  const { runDemo } = await import('../demo.js')
  const view = await openView(terminal, quiet)
  const { run, masks, miou } = await runDemo(
    { ...options, seed: Number(options.seed), onProgress: (progress) => view.show(progress), signal },
    jobs,
  ).finally(() => view.close())
  for (const line of summary(run).slice(0, -1)) terminal.out(line)
  terminal.out(`Masks of ${masks.pictures} pictures are in ${masks.out}, their pictures in ${out}/scenes/JPEGImages`)
  terminal.out(`mean IoU with the drawn masks: ${(100 * miou).toFixed(2)} %`)
  terminal.out('(From random weights and in a few steps: this shows that everything works, not how well.)')
}
