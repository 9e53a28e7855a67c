import { Option } from 'commander'

/** Options that several commands share, so that they read the same everywhere. */
export const shared = {
  data: () =>
    new Option(
      '--data <dir>',
      'pictures: COCO 2014 (annotations/), VOC 2012 (ImageSets/), or a plain folder; told apart by their folders',
    ),
  labels: () =>
    new Option(
      '--labels <file>',
      'labels of a plain folder: CSV "file,labels" (boat1.jpg,boat;person) or JSON; without it, one sub-folder a class',
    ),
  device: () => new Option('--device <name>', 'auto, cpu, cuda or cuda:1 (default: CUDA where there is any)'),
  threads: () => new Option('--threads <number>', 'processor threads of one operation (default: all cores)'),
  offline: () => new Option('--offline', 'never download: a missing LibTorch is an error'),
  quiet: () => new Option('--quiet', 'no progress on standard error'),
  json: () => new Option('--json', 'the result as JSON on standard output'),
  split: (standard: string) =>
    new Option('--split <name>', `which pictures of the data (default: ${standard})`).choices(['train', 'val']),
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

/** Help with examples after the options. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n`
}
