import { type Command, InvalidArgumentError, Option } from 'commander'
import { type DeviceName, isNamedDevice, NAMED_DEVICES, type NamedDevice } from '../base/device.js'
import { SemplesError } from '../base/error.js'
import { type PrecisionName, precisionNames } from '../base/precision.js'

/** Options that several commands share. */
export const shared = {
  data: () =>
    new Option(
      '--data <dir>',
      'folder of the data: a published data set or a folder of pictures (docs/data.md), recognised by the folders in it; or a COCO JSON',
    ),
  labels: () =>
    new Option(
      '--labels <file>',
      'labels of the pictures: CSV "file,labels" (boat1.jpg,boat;person), JSON or cls_labels.npy; default: labels.csv in the folder, else one sub-folder per class',
    ),
  images: () =>
    new Option(
      '--images <dir>',
      'pictures of a COCO JSON with categories of its own (--data instances.json); default: beside the file or one folder up',
    ),
  exif: () =>
    new Option(
      '--exif <how>',
      'whether the ground truth of a plain folder is of pictures turned by their EXIF orientation, as viewers show them (default: apply)',
    ).choices(['apply', 'ignore']),
  classes: () =>
    new Option(
      '--classes <table>',
      'classes of a folder of pictures: a classes.json with labels, ids, prompts, colours; or voc2012, coco2014 (default: the labels in the order of their characters)',
    ),
  json: () => new Option('--json', 'print the result as one line of JSON, the last line of standard output'),
  val: () =>
    new Option(
      '--val <share>',
      'of a plain folder: share of the pictures that is kept for evaluation (--split val), as 0.2; always the same ones',
    ).argParser(share),
  split: (standard: string) =>
    new Option('--split <name>', `which pictures of the data (default: ${standard})`).choices(['train', 'val']),
}

/** Options of every command that has a result. */
export interface OutputOptions {
  json?: boolean
  quiet?: boolean
}

export function addOutputOptions(command: Command): Command {
  return command.addOption(shared.json()).option('--quiet', 'do not print progress')
}

/** Options of every command that computes. */
export interface ComputeOptions extends OutputOptions {
  threads?: number | 'auto'
  offline?: boolean
}

export function addComputeOptions(command: Command): Command {
  command
    .option('--threads <number>', 'CPU threads of one operation (default: all cores)', threads)
    .option('--offline', 'never download; what is missing (LibTorch, weights) is an error')
  return addOutputOptions(command)
}

/** Options of every command that runs a model. */
export interface ModelOptions extends ComputeOptions {
  device?: DeviceName
  precision?: PrecisionName
}

export function addModelOptions(command: Command): Command {
  command.option('--device <name>', 'auto, cpu, cuda or cuda:1 (default: auto, which takes CUDA where available)')
  return addComputeOptions(command)
}

/** Of the commands whose time is that of networks. */
export function precisionOption(): Option {
  return new Option(
    '--precision <name>',
    'numbers that networks compute in: float32; tf32, on CUDA; bfloat16, faster on GPUs and on processors with AMX (default: that of the run; else float32)',
  ).choices(precisionNames)
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

/** Class ids and ranges of them: 0,15,19 or 1-20. */
export function classIds(value: string): number[] {
  return value.split(',').flatMap((part) => {
    const [, first, last] = /^(\d{1,9})-(\d{1,9})$/.exec(part.trim()) ?? []
    if (first === undefined) return integer(part)
    const count = Number(last) - Number(first) + 1
    if (count < 1 || count > 255) throw new InvalidArgumentError('A range must be as in 1-20.')
    return Array.from({ length: count }, (_, index) => Number(first) + index)
  })
}

/** Parses a whole number. */
export function integer(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(number)) throw new InvalidArgumentError('It must be a whole number.')
  return number
}

/** Parses a whole number above 0. */
export function positive(value: string): number {
  const number = integer(value)
  if (number < 1) throw new InvalidArgumentError('It must be 1 or more.')
  return number
}

/** Parses a number from 0 to 1. */
export function fraction(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !(number >= 0 && number <= 1)) throw new InvalidArgumentError('It must be from 0 to 1.')
  return number
}

/** Parses a device that is named: refining takes no auto. */
export function namedDevice(value: string): NamedDevice {
  if (isNamedDevice(value)) return value
  throw new InvalidArgumentError(`It must be ${NAMED_DEVICES}.`)
}

/** Parses a number of pixels. */
export function wholePixels(value: string): number {
  return integer(value)
}

/** What happens where a job will not fit into memory. */
export function memoryCheckOption(): Option {
  return new Option(
    '--memory-check <how>',
    'where a job will need more memory than is free: stop before it begins and say what fits, warn, or go on (default: error)',
  ).choices(['error', 'warn', 'off'])
}

/** Parses a share of pictures. */
export function share(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !(number > 0 && number < 1))
    throw new InvalidArgumentError('It must be above 0 and below 1, as 0.2 for a fifth.')
  return number
}

/** Parses a number of threads, or `auto`. */
export function threads(value: string): number | 'auto' {
  return value === 'auto' ? value : integer(value)
}

/** Help with examples after the options. */
export function examples(...lines: string[]): string {
  return `\nExamples (in a project that has semples: npx semples ...):\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n`
}

/**
 * A removal says what it removes: a name alone, or `--all` alone.
 * @throws SemplesError `SEMPLES_OPTION_INVALID`
 */
export function oneOrAll(name: string | undefined, all: boolean | undefined, list: string): void {
  if ((name === undefined) !== (all === undefined)) return
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `${list} remove takes ${name === undefined ? 'a name, or --all' : 'either a name or --all, and not both'}.`,
    hint: `What there is to remove: npx ${list}${list.endsWith('weights') ? '' : ' list'}`,
  })
}
