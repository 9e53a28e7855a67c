import type { DeepPartial } from '../base/merge.js'
import type { DataSpec } from './data.js'

/** Stages of a run, in the order in which they run. */
export const stageNames = ['classify', 'match', 'prompt', 'refine'] as const

export type StageName = (typeof stageNames)[number]

/** `auto` takes a CUDA device where there is one; any other device is obtained or is an error. */
export type DeviceName = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`

/** What pictures go through on their way into a training batch. */
export type AugmentName = 'reference' | 'light' | 'none'

/** The mask generator. The sizes are those of DeiT-S/16 (Touvron et al., arXiv 2012.12877). */
export interface GeneratorConfig {
  /** Kind of mask generator. Default `weaktr` (Zhu et al., arXiv 2304.01184), so far the only one. */
  kind: 'weaktr'
  /** Safetensors file to start from (DeiT or WeakTr weights), or `random`. No default. */
  weights: string
  /** Side of the square training pictures. Pixels, a multiple of `patchSize`. Default 224 (DeiT). */
  imageSize: number
  /** Side of a patch. Pixels. Default 16 (DeiT-S/16). */
  patchSize: number
  /** Width of the token vectors, a multiple of `heads`. Default 384 (DeiT-S). */
  width: number
  /** Transformer blocks. Default 12 (DeiT-S). */
  depth: number
  /** Attention heads of a block. Default 6 (DeiT-S). */
  heads: number
  /** Hidden width of a block's MLP, as a multiple of `width`. Default 4 (DeiT-S). */
  mlpRatio: number
  /** Attention fusion: its hidden width is `heads * depth / fusionReduction`. Default 8; coco2014 4 (WeakTr). */
  fusionReduction: number
  /** Attention fusion: head features shrink by this factor before they become one score. Default 8 (WeakTr). */
  fusionFeatureReduction: number
  /** Attention fusion: how features are pooled over the tokens. Default `max`; coco2014 `mean` (WeakTr). */
  fusionPool: 'max' | 'mean'
  /** Which maps become masks. `refined`: the CAM weighted by class attention and spread by patch affinity. `plain`: the CAM itself, for networks too small for their attention to tell patches apart. Default `refined` (WeakTr). */
  maps: 'refined' | 'plain'
  /** Drop-path rate of the last block; it grows linearly from 0. Share of pictures, 0 up to but not 1. Default 0.1 (DeiT). */
  dropPath: number
}

/** The frozen CLIP. */
export interface ClipConfig {
  /** TorchScript archive: OpenAI's ViT-B-32.pt, or one written by scripts/clip/export.py. No default; empty where no stage uses CLIP. */
  path: string
  /** Statistics that CLIP's pictures are normalised with: ImageNet's, as the generator's pictures, or CLIP's own. Default `generator` (published code). */
  normalize: 'generator' | 'clip'
  /** Attention heads of the image encoder, which OpenAI's archives do not state. Default: width / 64. */
  visionHeads?: number
  /** Attention heads of the text encoder, which OpenAI's archives do not state. Default: width / 64. */
  textHeads?: number
}

/** What every stage has. */
export interface StageConfig {
  /** Passes over the training pictures. Epochs. Default 60 (published code). */
  epochs: number
  /** Pictures a step. Default 64, prompt 128; coco2014: classify and match 32, prompt 128, refine 24 (published code; classify ours). */
  batch: number
  /** Base learning rate per 512 pictures: the effective rate is `lr * batch / 512`. Default 5.12e-4, classify 6e-4, prompt 0.1; coco2014: match and refine 5.12e-6, prompt 0.01 (published code). */
  lr: number
  /** Decoupled weight decay of AdamW, on every trained parameter. Default 0.03 (published code). */
  weightDecay: number
  /** Largest norm of all gradients together; larger ones are scaled down to it. 0: any. Default 0 (published code); demo 0.5 in match and refine. */
  gradientClip: number
  /** Added to the range of a map when it is scaled to 0..1 as a mask (classify makes no masks). Default 0.1, prompt 1e-4 (published code). */
  maskEpsilon: number
  /** `reference`: published recipe (crop, flip, RandAugment and erasing; in prompt crop and flip alone). `light`: crop, flip and light colour changes. `none`: the whole picture. Default `light`; presets `reference`. */
  augment: AugmentName
  /** Ends every epoch after so many steps, for trials. Steps. Default: none. */
  maxSteps?: number
}

/** Stage 0: the classification training that WeakTr starts from (arXiv 2304.01184). */
export type ClassifyConfig = StageConfig

/** Stage a: contrastive matching of segments and labels (SemPLeS, arXiv 2401.11791, section 3.2). */
export interface MatchConfig extends StageConfig {
  /** Weight of the term that keeps the background away from the label's text. Default 2.4; coco2014 0.75 (published code). */
  backgroundText: number
  /** Weight of the classification terms of stage classify, which keep the maps apart while they change. Default 0 (published code); demo 0.2. */
  classification: number
  /** What is trained: the CAM head and the attention fusion, or the whole generator. Default `head` (published code). */
  train: 'head' | 'all'
}

/** Stage b: learning a background prompt for each class (SemPLeS, arXiv 2401.11791, section 3.3). */
export interface PromptConfig extends StageConfig {
  /** Learned vectors a prompt. Default 30 (published code). */
  length: number
  /** Weight of the term that keeps the prompt away from the class. Default 0.02; coco2014 0.01 (published code). */
  textPrompt: number
  /** What the prompt is kept away from: the class's text (published code), its foreground pictures (the usual description), or both. Default `text`. */
  repel: 'text' | 'foreground' | 'both'
  /** Standard deviation of the normal distribution that prompts start from; 0: uniform in 0..1. Default 0 (published code). */
  deviation: number
}

/** Stage c: refinement with the learned prompts (SemPLeS, arXiv 2401.11791, section 3.4). */
export interface RefineConfig extends StageConfig {
  /** Weight of the term that keeps the background away from the label's text. Default 2.4; coco2014 0.75 (published code). */
  backgroundText: number
  /** Weight of the term that keeps the foreground away from the learned prompt. Default 0.05; coco2014 0.2 (published code). */
  foregroundPrompt: number
  /** Weight of the classification terms of stage classify, which keep the maps apart while they change. Default 0 (published code); demo 0.2. */
  classification: number
  /** What is trained: the CAM head and the attention fusion, or the whole generator. Default `head` (published code). */
  train: 'head' | 'all'
}

/** Reading pictures. Nothing here but `resample` and `unreadable` changes a number. */
export interface LoaderConfig {
  /** How training pictures are resized: `exact` is Pillow's bicubic byte for byte, `fast` is sharp's. Default `fast`; `exact` with `reference`. */
  resample: 'fast' | 'exact'
  /** Batches made ahead of the one in use. Default 2. */
  prefetch: number
  /** Pictures decoded at a time; `auto` follows the number of processors. Default `auto`. */
  concurrency: number | 'auto'
  /** Memory for decoded pictures, so that small data sets are decoded once. Megabytes. Default 256. */
  cacheMegabytes: number
  /** What an unreadable picture does: stop the run, or be left out and counted. Default `error`. */
  unreadable: 'error' | 'skip'
}

/** Class activation maps over several picture sizes. */
export interface CamsConfig {
  /** Picture sizes to sum maps over, as multiples of the original; the first is 1. Default 1, 1.2; coco2014 1, 0.8, 1.2 (published code). */
  scales: number[]
  /** Also run the mirrored picture. Default true (published code). */
  flip: boolean
  /** Longer pictures are shrunk to this before the maps are made, which then grow back: attention takes time and memory with the fourth power of a side. Pixels. Default: none (published code); demo 192. */
  maxSide?: number
  /** How pictures are resized: `exact` is Pillow's bicubic byte for byte, `fast` is sharp's. Default `exact`. */
  resample: 'fast' | 'exact'
}

/** Masks from maps. */
export interface MasksConfig {
  /** Where no map of a pixel (0..1) is higher, it is background. Default 0.45: ours, inside the 0.40 to 0.59 that the published code sweeps with pixel labels. */
  threshold: number
}

/** The loss of the stages that use CLIP. */
export interface LossConfig {
  /** `log`: negative logarithms of clamped similarities. `cosine`: the similarities themselves. Default `log` (published code). */
  form: 'log' | 'cosine'
}

/** Everything that decides the numbers of a run, with nothing left open. What a run directory's config.json holds. */
export interface RunConfig {
  /** Recipe that the defaults come from: `voc2012`, `coco2014`, `demo` (minutes on a processor, with the models of the package), or `none` (the numbers of voc2012 with light augmentation). Default `none`. */
  preset: 'voc2012' | 'coco2014' | 'demo' | 'none'
  /** Published behaviour throughout: pictures resized as Pillow does, published augmentation, selection by pixel labels, 90 COCO classes. Default false. */
  reference: boolean
  /** Pictures and labels: `{ folder, labels }`, `{ voc2012 }` or `{ coco2014 }`. No default. */
  data: DataSpec
  generator: GeneratorConfig
  clip: ClipConfig
  /** Folder that the run is written to: new or empty. No default. */
  out: string
  /** Of everything random. A whole number from 0. Default 504 (published code). */
  seed: number
  /** Where to compute: `auto`, `cpu`, `cuda` or `cuda:1`. Default `auto`: CUDA where there is any. */
  device: DeviceName
  /** Processor threads of one operation; results are repeatable for one number of them. Default `auto`: LibTorch's choice. */
  threads: number | 'auto'
  /** Which epoch's model is kept: the last, or the one with the best mean IoU on the evaluation split, which uses pixel labels. Default `last`; `miou` with `reference`. */
  select: 'last' | 'miou'
  loss: LossConfig
  /** Stages to run, in this order. Default: classify, match, prompt, refine. */
  stages: StageName[]
  classify: ClassifyConfig
  match: MatchConfig
  prompt: PromptConfig
  refine: RefineConfig
  loader: LoaderConfig
  cams: CamsConfig
  masks: MasksConfig
}

/** Fields that may be given once for all stages; a stage's own field wins. */
export interface StageShorthands {
  epochs?: number
  batch?: number
  lr?: number
  maxSteps?: number
  augment?: AugmentName
}

/**
 * What a person gives: any part of a `RunConfig`. What is left out comes from the preset. A new run needs `data`,
 * `out`, `generator.weights` and, where a stage uses it, `clip` (the path alone will do).
 */
export interface TrainConfigInput extends StageShorthands {
  preset?: RunConfig['preset']
  reference?: boolean
  data?: DataSpec
  generator?: Partial<GeneratorConfig>
  clip?: string | Partial<ClipConfig>
  out?: string
  seed?: number
  device?: DeviceName
  threads?: number | 'auto'
  select?: RunConfig['select']
  loss?: Partial<LossConfig>
  stages?: StageName[]
  classify?: Partial<ClassifyConfig>
  match?: Partial<MatchConfig>
  prompt?: Partial<PromptConfig>
  refine?: Partial<RefineConfig>
  loader?: Partial<LoaderConfig>
  cams?: Partial<CamsConfig>
  masks?: Partial<MasksConfig>
}

/** Some fields of a config, at any depth: what a preset is. */
export type ConfigDifferences = DeepPartial<Omit<RunConfig, 'data' | 'out'>>
