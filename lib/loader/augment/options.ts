import type { FillColor } from './affine.js'

/** A random rectangle of the picture, resized to the input size. */
export interface CropOptions {
  /** Area as a share of the picture's, drawn uniformly. */
  scale: readonly [number, number]
  /** Width over height, drawn uniformly in its logarithm. */
  ratio: readonly [number, number]
}

/** The picture at a random size, proportions kept, at a random place of the input: cut where larger, padded where smaller. */
export interface PlaceOptions {
  /** Longer side as a multiple of the input's, drawn uniformly among whole pixels. */
  longSide: readonly [number, number]
  /** RGB of the padding. */
  fill: FillColor
}

/** RandAugment (Cubuk et al., 2020), in the form "m9-mstd0.5-inc1". */
export interface RandAugmentOptions {
  /** How many operations are drawn for a picture, with replacement. */
  operations: number
  /** Mean strength, 0..10. */
  magnitude: number
  /** Standard deviation of the strength, which is drawn for every application and limited to 0..10. */
  magnitudeDeviation: number
  /** Probability that a drawn operation is applied. */
  probability: number
  /** RGB of pixels that rotating and shifting leave empty. */
  fill: FillColor
}

/** Light colour changes: each factor is drawn uniformly in [1 - x, 1 + x]. */
export interface ColorOptions {
  brightness: number
  contrast: number
  saturation: number
}

/** Random erasing (Zhong et al., 2020): one box filled with noise. */
export interface EraseOptions {
  /** Probability that a picture gets a box. */
  probability: number
  /** Area as a share of the picture's, drawn uniformly. */
  area: readonly [number, number]
  /** Height over width, drawn uniformly in its logarithm. */
  ratio: readonly [number, number]
}

/** How pictures are augmented, in this order. Plain data, so that it can be part of a config file. */
export interface AugmentOptions {
  /** A random rectangle; null: the whole picture, without keeping its proportions. */
  crop: CropOptions | null
  /** Instead of a rectangle: the picture at a random size and place. */
  place: PlaceOptions | null
  /** Probability of a horizontal flip. */
  flip: number
  randAugment: RandAugmentOptions | null
  color: ColorOptions | null
  erase: EraseOptions | null
  /** `exact`: Pillow's bicubic, byte for byte. `fast`: sharp's, in its own threads; values differ by a few units. */
  resample: 'exact' | 'fast'
}

const imageNetCrop: CropOptions = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] }

/** No randomness: the whole picture, resized to the input size. */
export const noAugment: AugmentOptions = {
  crop: null,
  place: null,
  flip: 0,
  randAugment: null,
  color: null,
  erase: null,
  resample: 'fast',
}

/** Published recipe of stage b (prompts): crop and flip only. */
export const referencePromptAugment: AugmentOptions = {
  ...noAugment,
  crop: imageNetCrop,
  flip: 0.5,
  resample: 'exact',
}

/** Published recipe of stage 0 and stages a (matching) and c (refinement). */
export const referenceAugment: AugmentOptions = {
  ...referencePromptAugment,
  randAugment: { operations: 2, magnitude: 9, magnitudeDeviation: 0.5, probability: 0.5, fill: [124, 116, 104] },
  erase: { probability: 0.25, area: [0.02, 1 / 3], ratio: [0.3, 1 / 0.3] },
}

/** The whole picture, squeezed into the input, or its mirror image. */
export const flipAugment: AugmentOptions = { ...noAugment, flip: 0.5 }

/** CAM classifiers of IRN (Ahn et al., CVPR 2019): long side 320 to 640 for an input of 512, padded with the mean colour. */
export const placeAugment: AugmentOptions = {
  ...flipAugment,
  place: { longSide: [320 / 512, 640 / 512], fill: [124, 116, 104] },
  resample: 'exact',
}

/** For folders of pictures: a crop that keeps most objects in view, flip, light colour changes. */
export const lightAugment: AugmentOptions = {
  ...noAugment,
  crop: { scale: [0.3, 1], ratio: [3 / 4, 4 / 3] },
  flip: 0.5,
  color: { brightness: 0.2, contrast: 0.2, saturation: 0.2 },
}
