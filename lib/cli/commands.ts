import type { Command } from 'commander'
import type { Cli } from './cli.js'

/**
 * Makes a command.
 * @param all makes the program with every command in it
 */
type CreateCommand = (cli: Cli, all: () => Promise<Command>) => Command

interface CommandEntry {
  /** One line in the help. */
  summary: string
  /** Left out of the help. */
  hidden?: boolean
  /** Loads the code of the command, which the help of all commands does without. */
  load(): Promise<CreateCommand>
}

/** Every command by name, in the order of the help. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  demo: {
    summary: 'see the whole method on drawn pictures, in minutes',
    load: async () => (await import('./commands/demo.js')).demoCommand,
  },
  train: {
    summary: 'train on pictures with image-level labels',
    load: async () => (await import('./commands/train.js')).trainCommand,
  },
  masks: {
    summary: 'make masks with a trained run',
    load: async () => (await import('./commands/masks.js')).masksCommand,
  },
  segment: {
    summary: 'train a segmentation model on masks',
    load: async () => (await import('./commands/segment.js')).segmentCommand,
  },
  predict: {
    summary: 'make masks of any pictures with a trained run',
    load: async () => (await import('./commands/predict.js')).predictCommand,
  },
  refine: {
    summary: 'refine score maps or masks of any method',
    load: async () => (await import('./commands/refine.js')).refineCommand,
  },
  annotations: {
    summary: 'write masks for CVAT, LabelMe or as COCO, to be corrected by people',
    load: async () => (await import('./commands/annotations.js')).annotationsCommand,
  },
  eval: {
    summary: 'compare masks with ground truth',
    load: async () => (await import('./commands/eval.js')).evalCommand,
  },
  report: {
    summary: 'show a run on one HTML page',
    load: async () => (await import('./commands/report.js')).reportCommand,
  },
  export: {
    summary: 'write the weights of a run for Python',
    load: async () => (await import('./commands/export.js')).exportCommand,
  },
  submission: {
    summary: 'write masks as judges take them, and check archives of any program',
    load: async () => (await import('./commands/submission.js')).submissionCommand,
  },
  scenes: {
    summary: 'draw pictures with labels and masks for trials',
    load: async () => (await import('./commands/scenes.js')).scenesCommand,
  },
  data: {
    summary: 'say what a folder of data is taken for, and what is wrong with it',
    load: async () => (await import('./commands/data.js')).dataCommand,
  },
  inspect: {
    summary: 'say what any file is, and what to do with it',
    load: async () => (await import('./commands/inspect.js')).inspectCommand,
  },
  convert: {
    summary: 'write a data set as a plain folder of pictures and labels',
    load: async () => (await import('./commands/convert.js')).convertCommand,
  },
  config: {
    summary: 'list every field of the config with its default',
    load: async () => (await import('./commands/config.js')).configCommand,
  },
  doctor: {
    summary: 'check this machine, and say what to type',
    load: async () => (await import('./commands/doctor.js')).doctorCommand,
  },
  libtorch: {
    summary: 'install, list or remove LibTorch',
    load: async () => (await import('./commands/libtorch.js')).libtorchCommand,
  },
  build: {
    summary: 'build the addon from the sources of the package',
    load: async () => (await import('./commands/build.js')).buildCommand,
  },
  weights: {
    summary: 'list, fetch or remove published weights and CLIPs',
    load: async () => (await import('./commands/weights.js')).weightsCommand,
  },
  completion: {
    summary: 'print a script with which a shell completes commands',
    load: async () => (await import('./commands/completion.js')).completionCommand,
  },
  'completion-server': {
    summary: 'answer a shell that completes a command',
    hidden: true,
    load: async () => (await import('./commands/completionServer.js')).completionServerCommand,
  },
}
