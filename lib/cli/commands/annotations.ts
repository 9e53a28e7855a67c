import { Command, InvalidArgumentError, Option } from 'commander'
import { itemProgress } from '../../base/progress.js'
import { refuseUseless } from '../../base/useless.js'
import type { AnnotationShapes } from '../../runs/annotations/format.js'
import type { AnnotationFormatName } from '../../runs/annotations/formats.js'
import type { ExportMasksOptions } from '../../runs/annotations/options.js'
import { annotationLines, annotationsForPrograms } from '../annotations.js'
import type { Cli } from '../cli.js'
import { addOutputOptions, examples, integer, type OutputOptions } from '../options.js'
import { printJson } from '../output.js'
import { openView } from '../progress/view.js'

type AnnotationsOptions = Omit<ExportMasksOptions, 'classes' | 'signal' | 'onProgress'> &
  OutputOptions & { classes?: string }

export function annotationsCommand(cli: Cli): Command {
  const command = new Command('annotations')
    .description(
      'Writes masks as pre-annotations that people correct: COCO instances, LabelMe or CVAT. Masks may be of semples or of any other program: PNGs whose pixel values are class ids. Each connected part of a class is one object; background (0) and void (255) are left out. Nothing is written over. Needs no LibTorch.',
    )
    .requiredOption('--masks <dir>', 'folder of the masks')
    .requiredOption('--images <dir>', 'folder of their pictures: images/a.jpg belongs to masks/a.png')
    .addOption(
      new Option(
        '--format <name>',
        'coco: one JSON of instances; labelme: a JSON for each picture; cvat: one XML, "CVAT for images 1.1"',
      )
        .choices(['coco', 'labelme', 'cvat'] satisfies AnnotationFormatName[])
        .makeOptionMandatory(),
    )
    .requiredOption('--out <path>', 'the file to write, where nothing may be; for labelme a folder')
    .option(
      '--classes <table>',
      'classes of the masks: a classes.json, voc2012 or coco2014 (default: masks.json or classes.json beside the masks)',
    )
    .addOption(
      new Option(
        '--shapes <kind>',
        'polygons, which can be dragged (objects with holes are masks; in labelme they are cut); or masks, run lengths exact to the pixel, for coco and cvat (default: polygons)',
      ).choices(['polygons', 'masks'] satisfies AnnotationShapes[]),
    )
    .option(
      '--tolerance <pixels>',
      'how far edges of polygons may lie from those of the mask; 0 is exact, more makes fewer corners (default: 1)',
      pixels,
    )
    .option('--min-area <pixels>', 'leave out connected parts of fewer pixels (default: 1, none)', integer)
    .option('--per-class', 'one object for all parts of a class in a picture')
    .addOption(
      new Option(
        '--exif <how>',
        'whether masks are of pictures turned by their EXIF orientation, as viewers show them (default: what the masks say)',
      ).choices(['apply', 'ignore']),
    )
    .addHelpText(
      'after',
      examples(
        'semples annotations --masks masks --images photos --format cvat --out boats.xml',
        'semples annotations --masks masks --images photos --format labelme --out labels --min-area 20',
        'semples annotations --masks SegmentationClass --images JPEGImages --classes voc2012 --format coco --shapes masks --out voc.json',
      ),
    )
    .action((options: AnnotationsOptions) => annotations(cli, options))
  return addOutputOptions(command)
}

async function annotations(cli: Cli, { json, quiet, ...options }: AnnotationsOptions): Promise<void> {
  const { terminal, signal, jobs } = cli
  if (options.shapes === 'masks')
    refuseUseless({ '--tolerance': options.tolerance }, 'with --shapes masks, which are exact')
  if (options.format === 'labelme')
    cli.afterInterrupt = () => 'The files that were written stay; the same command goes on.'
  const view = await openView(terminal, quiet)
  const progress = itemProgress('annotations')
  const result = await jobs
    .exportMasks({ ...options, onProgress: (done, total) => view.show(progress(done, total)), signal })
    .finally(() => view.close())
  if (result.failed.length > 0) cli.status = 1
  if (json) printJson(terminal, annotationsForPrograms(result))
  else for (const line of annotationLines(result)) terminal.out(line)
}

function pixels(value: string): number {
  const number = Number(value)
  if (value.trim() !== '' && number >= 0) return number
  throw new InvalidArgumentError('It must be a number of pixels, 0 or more.')
}
