/** A segmentation mask: one class id a pixel, row-major. 0 is background, 255 is void (ignored). */
export interface LabelMap {
  width: number
  height: number
  /** `width * height` class ids. */
  data: Uint8Array
}

/** Pixel value that evaluation and training ignore. */
export const VOID_ID = 255
