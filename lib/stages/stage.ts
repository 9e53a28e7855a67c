import type { RunConfig, StageName } from '../config/types.js'
import {
  type AugmentOptions,
  lightAugment,
  noAugment,
  referenceAugment,
  referencePromptAugment,
} from '../loader/augment/options.js'
import type { NativeTrainerConfig, WeightedTerm } from '../native/addon.js'

/** A stage is a list of named loss terms over one epoch loop. */
export interface Stage {
  name: StageName
  /** One line for people. */
  title: string
  terms: WeightedTerm[]
  /** What the terms train. */
  trains: NativeTrainerConfig['trains']
  /** Whether CLIP is asked at all. */
  needsClip: boolean
  needsPrompts: boolean
  trainer: Pick<
    NativeTrainerConfig,
    'maskEpsilon' | 'classificationGradients' | 'dropPath' | 'weightDecay' | 'gradientClip' | 'form' | 'clipStatistics'
  >
  augment: AugmentOptions
  epochs: number
  batch: number
  /** Effective base rate: `lr` of the config is per 512 pictures. */
  learningRate: number
  /** Ends an epoch early; for trials. */
  maxSteps?: number
}

/** The stages of a run, in order, as the configuration describes them. */
export function stagesOf(config: RunConfig): Stage[] {
  return config.stages.map((name) => stageOf(config, name))
}

export function stageOf(config: RunConfig, name: StageName): Stage {
  const own = config[name]
  const { title, terms, trains } = DEFINITIONS[name](config)
  const kept = terms.filter((term) => term.weight !== 0)
  return {
    name,
    title,
    terms: kept,
    trains,
    needsClip: name !== 'classify',
    needsPrompts: kept.some((term) => term.name.includes('prompt') || term.name === 'repel_foreground'),
    trainer: {
      maskEpsilon: own.maskEpsilon,
      classificationGradients: name === 'classify',
      dropPath: trains !== 'prompts',
      weightDecay: own.weightDecay,
      gradientClip: own.gradientClip,
      form: config.loss.form,
      clipStatistics: config.clip.normalize === 'clip',
    },
    augment: { ...augmentation(own.augment, name), resample: config.loader.resample },
    epochs: own.epochs,
    batch: own.batch,
    learningRate: (own.lr * own.batch) / 512,
    maxSteps: own.maxSteps,
  }
}

/** Multilabel soft margins of class tokens, CAM and refined CAM. */
function classificationTerms(weight: number): WeightedTerm[] {
  return (['class_logits', 'coarse_logits', 'fine_logits'] as const).map((name) => ({ name, weight }))
}

type Definition = (config: RunConfig) => Pick<Stage, 'title' | 'terms' | 'trains'>

const DEFINITIONS: Record<StageName, Definition> = {
  // Stage 0: multilabel classification of class tokens, CAM and refined CAM (WeakTr).
  classify: () => ({
    title: 'classification training',
    terms: classificationTerms(1),
    trains: 'all',
  }),
  // Stage a.
  match: ({ match }) => ({
    title: 'segment-label matching',
    terms: [
      { name: 'match', weight: 1 },
      { name: 'background_text', weight: match.backgroundText },
      ...classificationTerms(match.classification),
    ],
    trains: match.train,
  }),
  // Stage b.
  prompt: ({ prompt }) => ({
    title: 'contrastive prompt learning',
    terms: [
      { name: 'background_prompt', weight: 1 },
      { name: 'text_prompt', weight: prompt.repel === 'foreground' ? 0 : prompt.textPrompt },
      { name: 'repel_foreground', weight: prompt.repel === 'text' ? 0 : prompt.textPrompt },
    ],
    trains: 'prompts',
  }),
  // Stage c: starts where stage a started, not from stage a's result.
  refine: ({ refine }) => ({
    title: 'prompt-guided refinement',
    terms: [
      { name: 'match', weight: 1 },
      { name: 'background_text', weight: refine.backgroundText },
      { name: 'foreground_prompt', weight: refine.foregroundPrompt },
      ...classificationTerms(refine.classification),
    ],
    trains: refine.train,
  }),
}

function augmentation(recipe: 'reference' | 'light' | 'none', name: StageName): AugmentOptions {
  if (recipe === 'none') return noAugment
  if (recipe === 'light') return lightAugment
  return name === 'prompt' ? referencePromptAugment : referenceAugment
}
