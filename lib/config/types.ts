import type { z } from 'zod'
import type { DeepPartial } from '../base/merge.js'
import type { DataSpec } from '../datasets/kinds.js'
import type { ClipOptions } from '../models/clip/clipOptions.js'
import type { GeneratorOptions } from '../models/generators/kinds.js'
import type { StageSections } from '../stages/kinds.js'
import type { GeneralOptions, shorthandFields } from './schema.js'

export type { StageName } from '../stages/kinds.js'

/** Everything that decides the numbers of a run, with nothing left open. What a run directory's config.json holds. */
export type RunConfig = GeneralOptions &
  StageSections & {
    data: DataSpec
    generator: GeneratorOptions
    clip: ClipOptions
  }

/** Fields that may be given once for all stages; a stage's own field wins. */
export type StageShorthands = z.infer<z.ZodObject<typeof shorthandFields>>

/** Some fields of a config, at any depth: what a preset is. */
export type ConfigDifferences = DeepPartial<Omit<RunConfig, 'data' | 'out' | 'preset' | 'reference'>>

/**
 * What a person gives: any part of a `RunConfig`. What is left out comes from the preset. A new run needs `data`,
 * `out`, `generator.weights` and, where a stage uses it, `clip` (the path alone will do). `semples config` lists every
 * field with its default.
 */
export type TrainConfigInput = StageShorthands &
  DeepPartial<Omit<RunConfig, 'data' | 'clip'>> & {
    data?: DataSpec
    clip?: string | DeepPartial<ClipOptions>
  }
