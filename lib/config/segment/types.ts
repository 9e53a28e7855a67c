import type { z } from 'zod'
import type { DeepPartial } from '../../base/merge.js'
import type { DataSpec } from '../../datasets/kinds.js'
import type { loaderSchema } from '../../loader/options.js'
import type { SampleAugment } from '../../loader/segmentation/options.js'
import type { ClipOptions } from '../../models/clip/clipOptions.js'
import type { SegmenterOptions } from '../../segment/kinds.js'
import type { PredictOptions, SegmentTraining, TargetOptions } from '../../segment/options.js'
import type { GeneralSegmentOptions } from './schema.js'

type SegmentClip = Omit<ClipOptions, 'normalize'>

/** Everything that decides the numbers of a segmentation model's run. What its config.json holds. */
export type SegmentConfig = GeneralSegmentOptions & {
  data: DataSpec
  targets: TargetOptions
  model: SegmenterOptions
  clip: SegmentClip
  train: SegmentTraining
  augment: SampleAugment
  loader: z.infer<typeof loaderSchema>
  predict: PredictOptions
}

/** Some fields of such a config, at any depth: what a preset is. */
export type SegmentDifferences = DeepPartial<Omit<SegmentConfig, 'data' | 'out' | 'preset'>>

/** What a person gives: any part of a `SegmentConfig`. What is left out comes from preset and kind of model. */
export type SegmentConfigInput = DeepPartial<Omit<SegmentConfig, 'data' | 'clip'>> & {
  data?: DataSpec
  clip?: string | DeepPartial<SegmentClip>
}
