/** Light and colour that change from picture to picture: each change comes to half of them. */
export interface PhotometricOptions {
  /** Most that is added to or taken from the bytes of a picture. */
  brightness: number
  /** Between which factors the bytes are multiplied by one. */
  contrast: readonly [number, number]
  /** Between which factors the saturation is multiplied by one. */
  saturation: readonly [number, number]
  /** Most that the hue turns to either side, in steps of 2 degrees, a whole number. */
  hue: number
}

/** How a picture and its mask become an input of a segmentation model. Plain data, so that it can be part of a config file. */
export interface SampleAugment {
  /** Sides of the input, in pixels. */
  size: number
  /** Shorter side that a picture is resized to, in pixels, before the drawn ratio. */
  side: number
  /** Between which ratios that side is multiplied by one, drawn uniformly. */
  ratio: readonly [number, number]
  /** Share of the labelled pixels below which the largest class of a crop must stay; ten are tried. 1: the first is taken. */
  mostOfOneClass: number
  /** Mirror half of the inputs. */
  mirror: boolean
  /** Changes of light and colour; true: the published ones. */
  photometric: boolean | PhotometricOptions
}

/** Those of SSD (Liu et al., ECCV 2016), which MMSegmentation's recipes share. */
export const referencePhotometric: PhotometricOptions = {
  brightness: 32,
  contrast: [0.5, 1.5],
  saturation: [0.5, 1.5],
  hue: 18,
}

/** Published recipe of segmentation models on VOC and COCO (MMSegmentation's, with which WeakTr trains its own). */
export const referenceSampleAugment: SampleAugment = {
  size: 480,
  side: 520,
  ratio: [0.5, 2],
  mostOfOneClass: 0.75,
  mirror: true,
  photometric: true,
}
