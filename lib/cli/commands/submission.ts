import { Command, Option } from 'commander'
import { count } from '../../base/count.js'
import { itemProgress } from '../../base/progress.js'
import type { VocCompetition, VocSubmissionCheck } from '../../submission/types.js'
import type { Cli } from '../cli.js'
import { addOutputOptions, examples, type OutputOptions } from '../options.js'
import { printJson, wrap } from '../output.js'
import { openView } from '../progress/view.js'
import { styles, type Terminal } from '../terminal.js'

interface VocOptions extends OutputOptions {
  masks: string
  list: string
  out: string
  competition?: VocCompetition
  set?: 'test' | 'val'
  images?: string
  void?: 'refuse' | 'background'
  maskColors?: 'use' | 'ignore'
}

type CheckOptions = OutputOptions & Pick<VocOptions, 'list' | 'competition' | 'set' | 'images'>

interface CocoOptions extends OutputOptions {
  masks: string
  out: string
  imagesJson?: string
  list?: string
  classes?: string
  scores?: string
  maskColors?: 'use' | 'ignore'
}

export function submissionCommand(cli: Cli): Command {
  return new Command('submission')
    .description(
      'Writes masks in the forms that judges take, and checks archives before they are sent (docs/submission.md).',
    )
    .addCommand(vocCommand(cli))
    .addCommand(checkCommand(cli))
    .addCommand(cocoCommand(cli))
}

const options = {
  masks: () => new Option('--masks <dir>', 'folder of masks, <picture>.png').makeOptionMandatory(),
  ids: () =>
    new Option(
      '--list <file>',
      'ids of the pictures that are judged, one a line (VOC2012/ImageSets/Segmentation/test.txt)',
    ).makeOptionMandatory(),
  set: () =>
    new Option('--set <name>', 'which pictures the list names (default: what its name says)').choices(['test', 'val']),
  images: () => new Option('--images <dir>', 'pictures (JPEGImages), to compare the sizes of the masks with'),
  maskColors: () =>
    new Option(
      '--mask-colors <how>',
      'ids of indexed masks whose colours and indices are different classes: by colour (use) or by index (ignore); default: such masks are an error',
    ).choices(['use', 'ignore']),
}

function vocCommand(cli: Cli): Command {
  const command = new Command('voc')
    .summary('the archive that the evaluation server of VOC 2012 takes')
    .description(
      'Writes the archive that the evaluation server of PASCAL VOC 2012 takes: a mask for each picture of the list, indexed PNGs with the palette of VOC, values 0 to 20.',
    )
    .addOption(options.masks())
    .addOption(options.ids())
    .requiredOption('--out <file>', 'the archive to write, such as results.tgz; nothing may be there')
    .addOption(
      new Option(
        '--competition <name>',
        'comp5, trained on VOC 2012 alone, or comp6, on other data too, as with weights from ImageNet or a CLIP (default: comp6)',
      ).choices(['comp5', 'comp6'] satisfies VocCompetition[]),
    )
    .addOption(options.set())
    .addOption(options.images())
    .addOption(
      new Option('--void <how>', 'pixels of value 255, which predictions may not have (default: refuse)').choices([
        'refuse',
        'background',
      ]),
    )
    .addOption(options.maskColors())
    .addHelpText(
      'after',
      examples(
        'semples submission voc --masks masks --list VOCdevkit/VOC2012/ImageSets/Segmentation/test.txt --out results.tgz',
        'semples submission voc --masks masks --list val.txt --images VOCdevkit/VOC2012/JPEGImages --void background --out results.tgz',
      ),
    )
    .action((given: VocOptions) => writeVoc(cli, given))
  return addOutputOptions(command)
}

function checkCommand(cli: Cli): Command {
  const command = new Command('check')
    .summary('what is wrong with an archive for VOC 2012')
    .description(
      'Says what is wrong with an archive for the evaluation server of PASCAL VOC 2012, whatever program made it. Reads it and unpacks nothing. Exit status 1 where it should not be sent.',
    )
    .argument('<file>', 'the archive, such as results.tgz')
    .addOption(options.ids())
    .addOption(
      new Option('--competition <name>', 'the one that it is for (default: either)').choices([
        'comp5',
        'comp6',
      ] satisfies VocCompetition[]),
    )
    .addOption(options.set())
    .addOption(options.images())
    .addHelpText(
      'after',
      examples('semples submission check results.tgz --list test.txt --images VOCdevkit/VOC2012/JPEGImages'),
    )
    .action((file: string, given: CheckOptions) => checkVoc(cli, file, given))
  return addOutputOptions(command)
}

function cocoCommand(cli: Cli): Command {
  const command = new Command('coco')
    .summary('a results JSON as pycocotools loads it')
    .description(
      'Writes masks as a results JSON of COCO: one entry a class and picture, with compressed run-length encodings. The background and void pixels have none.',
    )
    .addOption(options.masks())
    .option(
      '--images-json <file>',
      'COCO JSON that the results are judged with: image ids, sizes, and category ids by the names of the classes',
    )
    .option(
      '--list <file>',
      'names of pictures, one a line: some of the JSON, or alone: image ids are the numbers at the end of COCO names, else the names',
    )
    .option(
      '--classes <table>',
      'which classes the pixel values are: voc2012, coco2014, coco2014-90 or a classes.json (default: what masks.json beside the masks says)',
    )
    .option('--scores <file>', 'JSON of scores, {"000000000139": {"1": 0.9}}, by class id (default: 1 for everything)')
    .addOption(options.maskColors())
    .requiredOption('--out <file>', 'the JSON to write; nothing may be there')
    .addHelpText(
      'after',
      examples(
        'semples submission coco --masks masks --images-json annotations/instances_val2014.json --classes coco2014 --out results.json',
        'semples submission coco --masks masks --list val.txt --classes voc2012 --out results.json',
      ),
    )
    .action((given: CocoOptions) => writeCoco(cli, given))
  return addOutputOptions(command)
}

/** Runs a job with a progress bar. */
async function withProgress<T>(
  { terminal }: Cli,
  quiet: boolean | undefined,
  name: string,
  job: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const view = await openView(terminal, quiet)
  const progress = itemProgress(name)
  return job((done, total) => view.show(progress(done, total))).finally(() => view.close())
}

async function writeVoc(cli: Cli, { json, quiet, ...given }: VocOptions): Promise<void> {
  const { terminal, jobs, signal } = cli
  const result = await withProgress(cli, quiet, 'submission', (onProgress) =>
    jobs.writeVocSubmission({ ...given, onProgress, signal }),
  )
  if (json) return printJson(terminal, result)
  const { path, bytes, pictures, folder, competition, voidPixels, voidPictures } = result
  const trained = competition === 'comp5' ? 'training on VOC 2012 alone' : 'training on other data too'
  for (const line of [
    `The archive is ${path} (${(bytes / 1e6).toFixed(1)} MB)`,
    `  ${count(pictures, 'mask')} in ${folder}`,
    `  ${competition}: ${trained}`,
    ...(voidPixels === 0
      ? []
      : [`  ${count(voidPixels, 'void pixel')} of ${count(voidPictures, 'picture')} became background`]),
  ])
    terminal.out(line)
}

async function checkVoc(cli: Cli, archive: string, { json, quiet, ...given }: CheckOptions): Promise<void> {
  const { terminal, jobs, signal } = cli
  const result = await withProgress(cli, quiet, 'check', (onProgress) =>
    jobs.checkVocSubmission({ archive, ...given, onProgress, signal }),
  )
  if (json) printJson(terminal, result)
  else for (const line of described(result, archive, terminal)) terminal.out(line)
  if (!result.canSubmit) cli.status = 1
}

function described(
  { canSubmit, folders, listed, pictures, findings }: VocSubmissionCheck,
  archive: string,
  { colorOut, unicode, width }: Pick<Terminal, 'colorOut' | 'unicode' | 'width'>,
): string[] {
  const { bold, red, yellow, green, dim } = styles(colorOut)
  const marks = { stop: red(unicode ? '✗' : 'x'), warning: yellow('!') }
  const columns = Math.min(width ?? 100, 100) - 2
  const all = canSubmit && pictures === listed ? 'all' : pictures.toLocaleString('en')
  return [
    bold(`${archive}: masks of ${all} of the ${count(listed, 'picture')} of the list`),
    ...folders.slice(0, 4).map((folder) => `  ${folder}`),
    ...findings.flatMap(({ level, message, advice }) => {
      const [first, ...rest] = wrap(message, columns)
      return [`${marks[level]} ${first}`, ...[...rest, ...wrap(advice, columns).map(dim)].map((line) => `  ${line}`)]
    }),
    canSubmit ? green('It can be sent.') : red('It should not be sent.'),
  ]
}

async function writeCoco(cli: Cli, { json, quiet, ...given }: CocoOptions): Promise<void> {
  const { terminal, jobs, signal } = cli
  const result = await withProgress(cli, quiet, 'submission', (onProgress) =>
    jobs.writeCocoResults({ ...given, onProgress, signal }),
  )
  if (json) return printJson(terminal, result)
  const { path, bytes, pictures, entries, empty, categories, imageIds } = result
  for (const line of [
    `The results are in ${path} (${(bytes / 1e6).toFixed(1)} MB)`,
    `  entries: ${entries.toLocaleString('en')}, of ${count(pictures, 'picture')}${empty === 0 ? '' : `; ${empty} of them ${empty === 1 ? 'has' : 'have'} no class and no entry`}`,
    `  categories: ${Object.entries(categories)
      .map(([label, id]) => `${label} ${id}`)
      .join(', ')}`,
    ...(imageIds === 'name' ? ['  image ids are names: the list has none of COCO'] : []),
    'In Python:',
    `  results = coco.loadRes(${JSON.stringify(path)})`,
  ])
    terminal.out(line)
}
