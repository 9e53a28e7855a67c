import type { TensorData } from '../base/tensor.js'

/** What every native object has. Use after `dispose()` throws SEMPLES_DISPOSED; a job under way ends normally. */
export interface NativeHandle {
  dispose(): void
  readonly disposed: boolean
}

/** Pictures as bytes (NHWC), or already normalised: exactly one of the two. */
export interface NativeImages {
  /** RGB bytes, `count * height * width * 3`. */
  pixels?: Uint8Array
  count?: number
  height?: number
  width?: number
  /** float32 [B, 3, H, W], ImageNet-normalised. */
  images?: TensorData
  /** int32 `[top, left, height, width]` a picture; height 0 = none. */
  erase?: Int32Array
  /** Seed of erasing noise and drop path. */
  seed?: number
}

export interface NativeLoadOptions {
  /** Default true: all or nothing. */
  strict?: boolean
  /** Without `strict`: tensors that must be there; then all that are there must fit, or nothing is changed. */
  required?: string[]
}

export interface LoadReport {
  missing: string[]
  unexpected: string[]
  mismatched: string[]
}
