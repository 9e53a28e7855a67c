/** A training batch as it crosses the native boundary: pixels once, as bytes. */
export interface ImageBatch {
  /** RGB bytes, NHWC: `count * height * width * 3`. */
  pixels: Uint8Array
  count: number
  height: number
  width: number
  /** 0/1 image-level labels, `count * classes`, row-major. */
  labels: Uint8Array
  /** Dataset ids, in batch order. */
  ids: string[]
  /** Random-erasing boxes `[top, left, height, width]` a picture; a height of 0 means none. Filled with N(0,1) after normalisation. */
  erase?: Int32Array
  /** Seeds whatever the step draws natively (drop path, erasing noise): a function of run seed, stage, epoch and step. */
  seed: number
}
