import type { ClipTower } from './clip.js'
import type { Layer } from './layer.js'

/**
 * A segmentation model as far as its sizes go: the options of its kind, with the addon's defaults for what is left out;
 * other options change nothing.
 */
export type SegmenterSizes = VitMaskSizes | DeepLabSizes | ClipDecoderSizes

export interface VitMaskSizes {
  kind: 'vit-mask'
  /** Defaults: those of ViT-S/16, imageSize 224, decoderDepth 2. */
  imageSize?: number
  patchSize?: number
  width?: number
  depth?: number
  heads?: number
  mlpRatio?: number
  decoderDepth?: number
  /** Default 0.1. */
  dropout?: number
}

export interface DeepLabSizes {
  kind: 'deeplabv3plus'
  /** Default `resnet50`. */
  backbone?: 'resnet50' | 'resnet101' | 'efficientnet-lite0'
  /** Factor of the backbone's channels. Default 1. */
  width?: number
  /** Default 16. */
  outputStride?: 16 | 32
  /** Default `frozen`. */
  norm?: 'live' | 'fixed' | 'frozen'
  /** Defaults 256, 48. */
  channels?: number
  lowChannels?: number
}

export interface ClipDecoderSizes {
  kind: 'clip-decoder'
  /** The frozen CLIP that it looks through (`readClipTower`). */
  clip: ClipTower
  /** Defaults 256, 3, 8. */
  width?: number
  depth?: number
  heads?: number
  /** Default 0.1. */
  dropout?: number
}

/** What a segmentation model of some sizes takes, in bytes. */
export interface SegmenterMemory {
  /** Of the parameters that are trained, and of those that are not. */
  trained: number
  frozen: number
  /** What reading its files takes for a while, beside the weights. */
  opening: number
  /** What its operations leave for good, beside what all leave. */
  runtime: number
  /** The most that a pass of pictures without gradients takes beside weights and pictures. */
  forward(height: number, width: number, pictures: number): number
  /** Logits of one picture as the model gives them, one output. */
  logits(height: number, width: number): number
  /** The parts of a training step of square pictures, up to the logits as the model gives them. */
  layers(size: number, pictures: number): Layer[]
}
