import type { PrecisionName } from '../base/precision.js'
import type { TensorData, TensorMap } from '../base/tensor.js'
import type { LoadReport, NativeHandle, NativeImages, NativeLoadOptions } from './addonBasics.js'
import type {
  NativeSegmenter,
  NativeSegmenterConfig,
  NativeSegmentTrainer,
  NativeSegmentTrainerConfig,
} from './segmentAddon.js'

export type { LoadReport, NativeHandle, NativeImages, NativeLoadOptions } from './addonBasics.js'

/**
 * Everything native, in one place: the types of the C++ addon. Only lib/native loads it; lib/models wraps it.
 *
 * Calls copy their buffers before they return: the caller may transfer, resize or overwrite them a moment later.
 * Everything that takes over a millisecond returns a promise; the jobs of one environment (main thread or worker) run
 * one after the other, in call order, on a thread of their own. Refinements run beside them and beside each other.
 */
export interface Addon {
  /** LibTorch version the binary was built for: `2.13`. */
  readonly builtForTorch: string
  runtimeInfo(): RuntimeInfo
  /** What LibTorch warned of in this environment since the last call. */
  takeWarnings(): string[]
  /**
   * Opens the library with the kernels for GPUs, once a process; CUDA's runtime has to be open.
   * @throws Error with the words of the dynamic linker
   */
  openCudaKernels(path: string): void
  /** Threads of one operation (1..4096), from the next job on. Resolves to the number in force. */
  setThreads(threads: number): Promise<number>
  createGenerator(config: NativeGeneratorConfig): Promise<NativeGenerator>
  openClip(options: NativeClipOptions): Promise<NativeClip>
  createPrompts(config: NativePromptsConfig): Promise<NativePrompts>
  createTrainer(config: NativeTrainerConfig): Promise<NativeTrainer>
  createSegmenter(config: NativeSegmenterConfig): Promise<NativeSegmenter>
  createSegmentTrainer(config: NativeSegmentTrainerConfig): Promise<NativeSegmentTrainer>
  /**
   * Refines the score maps of one picture. Calls run beside each other, each on a thread of its own.
   * @throws SEMPLES_ARGUMENT_INVALID for types, lengths and options; what takes a look at every number (NaN, labels out
   * of range) and SEMPLES_MEMORY_LIMIT reject `result`
   */
  refine(request: NativeRefineRequest): NativeRefinement
  /**
   * Bytes that refining with a dense CRF takes at most, picture, energies and result included: as if no two pixels shared a lattice point. Photographs
   * need about a fifth of it; `memoryLimit` is compared with what a picture really needs.
   */
  denseCrfBytes(size: NativeDenseCrfSize): number
  /** Gradients and filters on given tensors, for tests. */
  readonly inspection: NativeInspection
}

export interface RuntimeInfo {
  torch: string
  cudaDevices: number
  threads: number
}

/**
 * A mask generator. Options beside these are those of its kind, as native/core/models describes them (for `weaktr`:
 * weaktr_generator.h, for `cnn`: cnn_generator.h); one that it does not have is an error.
 */
export interface NativeGeneratorConfig {
  /** `weaktr` or `cnn`. */
  kind: string
  classes: number
  /** Seed of the random initialisation. Default 0. */
  seed?: number
  /** `cpu` (default), `cuda`, `cuda:1`. */
  device?: string
  /** Default `float32`. */
  precision?: PrecisionName
  [option: string]: unknown
}

/**
 * Where gradients stop in the mask generator; changes no value. `semples`: losses reach the head alone;
 * `classification`: where WeakTr's classification training stops them; `all`: nowhere.
 */
export type GradientRule = 'semples' | 'classification' | 'all'

export interface NativeForwardOptions {
  /** Default `semples`. */
  gradients?: GradientRule
  /** Also return intermediate values by name. */
  trace?: boolean
  /** Also return feature maps [B, D, gh, gw] by name. */
  featureMaps?: boolean
  /** float32 [depth, 2, B]: drop path as given. */
  dropFactors?: TensorData
}

export interface NativeGenerator extends NativeHandle {
  /** What a checkpoint holds, in its order; `head`: trained by `trains: 'head'`; `buffer`: not trained (batch norm's statistics). */
  readonly parameters: { name: string; shape: number[]; head: boolean; buffer: boolean }[]
  /** Copies tensors in; SEMPLES_CHECKPOINT_MISMATCH names what does not fit, and then nothing was changed. */
  load(tensors: TensorMap, options: NativeLoadOptions): Promise<LoadReport>
  state(): Promise<TensorMap>
  /** Logits, maps, feature maps and intermediate values by the kind's names. `weaktr`: `class_logits`, `coarse_logits`, `fine_logits`, `fine_cam`; `cnn`: `coarse_logits`, `cam`. */
  forward(images: NativeImages, options: NativeForwardOptions): Promise<TensorMap>
  /** Multi-scale CAMs of one picture: `cams` [k, H, W] in [0, 1], `classLogits` [C]. */
  cams(request: NativeCamRequest): Promise<{ cams: TensorData; classLogits: TensorData }>
}

export interface NativeCamRequest {
  /** The picture at each scale, RGB bytes HWC. */
  scales: readonly { data: Uint8Array; height: number; width: number }[]
  /** H and W of the maps. Default: those of the first scale. */
  height?: number
  width?: number
  /** int64 [k]: indices of the classes present. */
  classes: TensorData
  /** Also run the mirrored picture. Default true. */
  flip?: boolean
  /** Each class to its own range (default), or by its maximum alone. */
  scaling?: 'minmax' | 'max'
  /** Whether maps lie over the whole picture (default), or over its size rounded up to multiples of 16. */
  fit?: 'stretch' | 'cut'
}

export interface NativeClipOptions {
  /** Of a TorchScript archive. */
  path?: string
  /** Instead of a path: parameters with OpenAI's names. */
  weights?: TensorMap
  device?: string
  /** Default `float32`. */
  precision?: PrecisionName
  /** Of weights and OpenAI's archives; default `quick_gelu`. */
  activation?: 'quick_gelu' | 'gelu'
  /** Heads are not stored in OpenAI archives: width / 64 unless given. */
  visionHeads?: number
  textHeads?: number
}

export interface ClipInfo {
  layout: 'interface' | 'openai'
  imageSize: number
  contextLength: number
  textWidth: number
  featureWidth: number
  /** In pixels; null where an archive does not tell. */
  patchSize: number | null
  /** Whether `encodeBlocks` and `finishBlock` can be asked for. */
  insides: boolean
  mean: [number, number, number]
  std: [number, number, number]
}

export interface NativeClip extends NativeHandle {
  readonly info: ClipInfo
  /** float32 [B, 3, S, S], normalised → [B, D], not of unit length. */
  encodeImage(images: TensorData): Promise<TensorData>
  /** → [B, P, D], one feature a patch. */
  encodePatches(images: TensorData): Promise<TensorData>
  /** int64 [B, L] → [B, D]. */
  encodeText(ids: TensorData): Promise<TensorData>
  /** int64 [B, L] → [B, L, W]. */
  embedTokens(ids: TensorData): Promise<TensorData>
  /** float32 [B, 3, H, W], whole patches → `tokens` [L, B, 1 + P, W], `attention` [L, B, 1 + P, 1 + P]. */
  encodeBlocks(images: TensorData): Promise<TensorMap>
  /** float32 [B, 1 + P, W] before the last block → `normed` [B, 1 + P, W], `features` [B, 1 + P, D]. */
  finishBlock(tokens: TensorData): Promise<TensorMap>
}

export interface NativePromptsConfig {
  classes: number
  /** Vectors a prompt. */
  length: number
  /** Text width of the CLIP. */
  width: number
  seed?: number
  /** 0 (default): uniform in [0, 1) as published; else normal with this standard deviation. */
  deviation?: number
  /** One vector a class in CLIP's joint space; `length` is 1 and `width` the feature width then. Default false. */
  joint?: boolean
  device?: string
}

export interface NativePrompts extends NativeHandle {
  /** float32 [C, length, width]. */
  load(prompts: TensorData): Promise<void>
  state(): Promise<TensorData>
  /** Features [C, D] of every prompt, not of unit length. */
  encode(clip: NativeClip): Promise<TensorData>
}

/** What a loss term is computed from. */
export type LossNeed = 'mask' | 'foreground' | 'background' | 'text' | 'prompt' | 'logits' | 'featureMaps'

/** A loss term as native/core/losses describes it; `lossTerms()` lists all, also without LibTorch. */
export interface LossTermInfo {
  name: string
  /** `foreground`, `background`, `text` and `prompt` are CLIP features; `prompt` those of learnable prompts. */
  needs: LossNeed[]
  formula: string
  source: string
}

/**
 * What a trainer minimises and how, as native/core/train reads it. What a user can set is described once, in
 * `trainerFields` of lib/stages/options.ts; an option that the trainer does not have is an error.
 */
export interface NativeTrainerOptions {
  /** Weight of each loss term, in the order in which they are added. */
  terms: Readonly<Record<string, number>>
  trains: 'head' | 'all' | 'prompts'
  /** Default `semples` where the head alone is trained, else `all`. */
  gradients?: GradientRule
  /** Logarithms of similarities as published (default), or the similarities themselves. */
  form?: 'log' | 'cosine'
  /** Default true. */
  useDropPath?: boolean
  /** Give CLIP pictures with its own statistics instead of the generator's. Default false. */
  clipStatistics?: boolean
  [option: string]: unknown
}

export interface NativeTrainerConfig extends NativeTrainerOptions {
  generator: NativeGenerator
  clip?: NativeClip
  prompts?: NativePrompts
  /** int64 [C, L]: the label text of each class. */
  textIds?: TensorData
}

export interface NativeTrainingBatch extends NativeImages {
  /** 0/1, `B * C`. */
  labels: Uint8Array
  learningRate: number
  /** Also return gradients, similarities and the masked pictures. */
  details?: boolean
}

export interface StepResult {
  loss: number
  /** Unweighted values of the terms. */
  terms: Record<string, number>
  /** Positive (picture, class) pairs of the batch. */
  pairs: number
  /** No positive pair: nothing was computed or changed. */
  skipped: boolean
  details?: TensorMap
}

export interface NativeTrainer extends NativeHandle {
  step(batch: NativeTrainingBatch): Promise<StepResult>
  /** AdamW: `step.<name>`, `exp_avg.<name>`, `exp_avg_sq.<name>`; SGD with momentum: `momentum_buffer.<name>`. */
  optimizerState(): Promise<TensorMap>
  loadOptimizerState(state: TensorMap): Promise<void>
}

/** A refinement under way. */
export interface NativeRefinement {
  /** Rejects with SEMPLES_INTERRUPTED after `interrupt()`. */
  readonly result: Promise<NativeRefined>
  /** Ends it before its next iteration; harmless afterwards. */
  interrupt(): void
}

export interface NativeRefined {
  /** Index of the highest score, [H * W]; the first one wins; 65535 where that score is below `minConfidence`. */
  labels: Uint16Array
  /** With `scores`: float32 [C, H, W]. */
  scores?: TensorData
  /** With `profile`: of a dense CRF that ran. */
  profile?: NativeCrfProfile
}

/** Where the time of a dense CRF went (seconds), the points of its largest lattice, and the bytes that it held. */
export interface NativeCrfProfile {
  lattice: number
  pixels: number
  blur: number
  points: number
  bytes: number
}

export interface NativeRefineRequest {
  /** RGB bytes, HWC. */
  image: Uint8Array
  height: number
  width: number
  source: NativeScoreMaps | NativeLabelMap
  method: NativeDenseCrf | NativePamr
  /** Also return the scores. Default false. */
  scores?: boolean
  /** Also return the profile. Default false. */
  profile?: boolean
  /** Labels whose score is lower become 65535. 0 to 1, default 0: none. */
  minConfidence?: number
  /** Where it is computed: `cpu` (default), `cuda`, `cuda:1`. Without a kernel for it: SEMPLES_DEVICE_UNAVAILABLE. */
  device?: string
  /** Of this call, 1 to 256; default 1. */
  threads?: number
  /** Bytes; default 0: none. SEMPLES_MEMORY_LIMIT names the need. */
  memoryLimit?: number
}

/** Maps of any size, [channels, height, width]; resized to the picture's, bilinear. */
export interface NativeScoreMaps {
  values: Float32Array
  channels: number
  height: number
  width: number
  /** Of the resizing: whether the centres of the corner pixels meet. Default false; PAMR's authors: true. */
  alignCorners?: boolean
  /** Probabilities (default; CAMs in [0, 1] are treated as such) or energies (-log p). */
  kind?: 'probability' | 'energy'
  /** Puts a background map in front: a constant, or (1 - the highest other score) ** power. Only for probabilities. */
  background?: { threshold: number } | { power: number }
  /**
   * soft (default): -ln clip(p, 1e-5, 1), not renormalised; hard: labels = argmax (the first maximum wins), then as
   * NativeLabelMap.
   */
  unary?: 'soft' | 'hard'
  /** With `hard`: probability that a label is right, between 0 and 1; default 0.7. */
  gtProb?: number
}

/** A label index a pixel of the picture. */
export interface NativeLabelMap {
  /** Below `labels`; 65535 (255 in a Uint8Array, if not below `labels`): unsure, all labels alike. */
  labelMap: Uint8Array | Uint16Array
  labels: number
  /** g, between 0 and 1, default 0.7: -ln g on the label, -ln((1 - g) / (labels - 1)) on the others. */
  gtProb?: number
}

/** Mean-field inference in a fully connected CRF (Kraehenbuehl and Koltun 2011). Deviations sxy in pixels, srgb in grey levels. */
export interface NativeDenseCrf {
  kind: 'crf'
  /** `compat`: a number (Potts: that weight on agreement) or a [labels * labels] matrix of energies. */
  gaussian: { sxy: [x: number, y: number]; compat: number | Float32Array }[]
  bilateral: {
    sxy: [x: number, y: number]
    srgb: [r: number, g: number, b: number]
    compat: number | Float32Array
  }[]
  iterations: number
  /** Default `symmetric`. */
  normalization?: 'symmetric' | 'before' | 'after' | 'none'
}

/** Pixel-adaptive refinement (Araslanov and Roth 2020); the maps are the probabilities, or one-hot labels. */
export interface NativePamr {
  kind: 'pamr'
  iterations: number
  dilations: number[]
}

/** Of a picture, its labels (background included) and the kernels of the two kinds. */
export interface NativeDenseCrfSize {
  height: number
  width: number
  labels: number
  gaussian: number
  bilateral: number
  threads: number
}

/** One kernel of a dense CRF, applied to `values`. */
export interface NativeCrfFilter {
  image: Uint8Array
  height: number
  width: number
  sxy: [x: number, y: number]
  /** Makes it a bilateral kernel. */
  srgb?: [r: number, g: number, b: number]
  normalization: 'symmetric' | 'before' | 'after' | 'none'
  /** Blurs along the axes in the reverse order: the transposed operator. */
  reversed: boolean
  /** float32 [channels, H, W]. */
  values: TensorData
}

export interface NativeInspection {
  crfFilter(filter: NativeCrfFilter): Promise<TensorData>
  generatorGradients(
    generator: NativeGenerator,
    images: NativeImages,
    cotangents: TensorMap,
    options: NativeForwardOptions,
  ): Promise<TensorMap>
  imageGradient(clip: NativeClip, images: TensorData, cotangent: TensorData): Promise<TensorMap>
  promptGradient(clip: NativeClip, vectors: TensorData, cotangent: TensorData): Promise<TensorMap>
  /** → `normed`, `features`, and `gradient` of <features, cotangent> with respect to `normed`. */
  blockGradient(clip: NativeClip, tokens: TensorData, cotangent: TensorData): Promise<TensorMap>
  lossTerms(features: TensorMap, terms: Readonly<Record<string, number>>, form: 'log' | 'cosine'): Promise<TensorMap>
  similarityGradient(term: string, similarities: TensorData): Promise<TensorMap>
  memory(): NativeMemory
}

/** Bytes of large blocks of tensors on the processor; zeros on systems where none are kept. */
export interface NativeMemory {
  used: number
  /** Waiting for the next tensor of their size; never makes more than `most`, together with `used`. */
  kept: number
  /** The most that was used at once since something was disposed. */
  most: number
}
