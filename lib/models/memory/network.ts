import type { GeneratorOptions } from '../generators/kinds.js'
import { CONVOLUTIONS, cnnForward, cnnLayers, cnnWeights } from './cnn.js'
import type { Layer } from './layer.js'
import { weaktrForward, weaktrLayers, weaktrLeftover, weaktrWeights } from './weaktr.js'

/** A mask generator as far as its sizes go. */
export type NetworkOptions = GeneratorOptions extends infer Options
  ? Options extends unknown
    ? Omit<Options, 'weights'>
    : never
  : never

/** Bytes of the parameters. */
export function networkWeights(options: NetworkOptions, classes: number): number {
  return options.kind === 'cnn' ? cnnWeights(options, classes) : weaktrWeights(options, classes)
}

/** What the operations of that network leave for good, where it sees more than one picture. */
export function networkRuntime({ kind }: NetworkOptions, pictures: number): number {
  return kind === 'cnn' && pictures > 1 ? CONVOLUTIONS : 0
}

/** The most that a pass of `pictures` pictures without gradients takes beside weights and pictures, in bytes. */
export function networkForward(
  options: NetworkOptions,
  classes: number,
  height: number,
  width: number,
  pictures: number,
): number {
  return options.kind === 'cnn'
    ? cnnForward(options, height, width, pictures) + cnnWeights(options, classes)
    : weaktrForward(options, classes, height, width, pictures)
}

/** What such a pass leaves with the C library, in bytes. */
export function networkLeftover(
  options: NetworkOptions,
  classes: number,
  height: number,
  width: number,
  pictures: number,
) {
  return options.kind === 'cnn' ? 0 : weaktrLeftover(options, classes, height, width, pictures)
}

/** The parts of a training step of `pictures` square pictures. */
export function networkLayers(
  options: NetworkOptions,
  classes: number,
  step: { size: number; pictures: number; trains: 'head' | 'all' },
): Layer[] {
  return options.kind === 'cnn' ? cnnLayers(options, classes, step) : weaktrLayers(options, classes, step)
}
