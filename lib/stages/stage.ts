import type { z } from 'zod'
import { type AugmentOptions, flipAugment, lightAugment, noAugment, placeAugment } from '../loader/augment/options.js'
import type { GeneratorKind } from '../models/generators/kind.js'
import type { LossNeed, NativeTrainerConfig } from '../native/addon.js'
import type { StageKind } from './kind.js'
import type { StageName } from './kinds.js'
import { type loopFields, type lossSchema, trainerFields } from './options.js'
import type { Schedule } from './schedule.js'
import { needsClip, needsOf } from './terms.js'

/** A stage as one run has it: weighted loss terms over one epoch loop. */
export interface Stage {
  name: StageName
  /** One line for people. */
  title: string
  /** Weights by name, none of them 0. */
  terms: Record<string, number>
  trains: 'head' | 'all' | 'prompts'
  needs: ReadonlySet<LossNeed>
  needsClip: boolean
  needsPrompts: boolean
  /** Options of the native trainer. */
  trainer: Omit<NativeTrainerConfig, 'generator' | 'clip' | 'prompts' | 'textIds' | 'terms' | 'trains'>
  augment: AugmentOptions
  epochs: number
  batch: number
  /** Effective rate before the schedule. */
  learningRate: number
  schedule: Schedule
  /** Ends an epoch early; for trials. */
  maxSteps?: number
  /** Names its random draws. */
  seedName: string
}

/** What all stages of a run share. */
export interface StageSurroundings {
  generator: GeneratorKind
  loss: z.infer<typeof lossSchema>
  /** CLIP gets pictures in its own statistics instead of the generator's. */
  clipStatistics: boolean
  resample: 'fast' | 'exact'
}

type LoopOptions = z.infer<z.ZodObject<typeof loopFields>>

/** A stage with the options of its section of the config. */
export function makeStage(kind: StageKind, section: object, { generator, ...shared }: StageSurroundings): Stage {
  const options = section as LoopOptions & Record<string, unknown>
  const { epochs, batch, lr, lrBatch, schedule, augment, maxSteps } = options
  const weighted = Object.entries(kind.terms(options, generator)).filter(([, weight]) => weight !== 0)
  const terms = Object.fromEntries(weighted)
  const trains = kind.trains(options)
  const needs = needsOf(terms)
  const own = Object.keys(trainerFields).map((field) => [field, options[field]])
  return {
    name: kind.name as StageName,
    title: kind.title,
    terms,
    trains,
    needs,
    needsClip: needsClip(needs),
    needsPrompts: trains === 'prompts' || needs.has('prompt'),
    trainer: {
      ...Object.fromEntries(own),
      ...(kind.gradients === undefined ? {} : { gradients: kind.gradients }),
      useDropPath: trains !== 'prompts',
      form: shared.loss.form,
      clipStatistics: shared.clipStatistics,
    },
    augment: { ...augmentation(augment, kind), resample: shared.resample },
    epochs,
    batch,
    learningRate: lrBatch === 0 ? lr : (lr * batch) / lrBatch,
    schedule,
    maxSteps,
    seedName: kind.seedName ?? kind.name,
  }
}

const recipes = { light: lightAugment, place: placeAugment, flip: flipAugment, none: noAugment }

function augmentation(recipe: LoopOptions['augment'], kind: StageKind): AugmentOptions {
  return recipe === 'reference' ? kind.referenceAugment : recipes[recipe]
}
