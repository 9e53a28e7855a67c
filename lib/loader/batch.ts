/** A training batch as the addon takes it. */
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
  /** Random-erasing boxes `[top, left, height, width]` for each picture; a height of 0 means none. They are filled with N(0, 1) noise after normalisation. */
  erase?: Int32Array
  /** Seed of the random numbers of the native step (drop path, erasing noise): a function of run seed, stage, epoch and step. */
  seed: number
}
