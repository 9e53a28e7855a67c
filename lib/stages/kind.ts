import type { z } from 'zod'
import type { AugmentOptions } from '../loader/augment/options.js'
import type { GeneratorKind } from '../models/generators/kind.js'

/** One stage: its options, its loss terms, and where it starts. */
export interface StageKind<Name extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  name: Name
  /** One line for people. */
  title: string
  /** Fields of the config's section of this name. */
  schema: Schema
  trains(options: z.infer<Schema>): 'head' | 'all' | 'prompts'
  /** What its checkpoints hold. */
  result: 'generator' | 'prompts'
  /** Weights of the loss terms by name, in the order in which they are added up. */
  terms(options: z.infer<Schema>, generator: GeneratorKind): Readonly<Record<string, number>>
  /** Where gradients stop; default: as in the published stages. */
  gradients?: 'classification'
  /** What `augment: 'reference'` means here. */
  referenceAugment: AugmentOptions
  /** Starts from the result of the first of these stages that the run has; else from the configured weights. */
  startsFrom: readonly string[]
  /** Names the stage's random draws. Default: its name. */
  seedName?: string
}

/** Names a stage with all its types. */
export function stageKind<const Name extends string, Schema extends z.ZodObject>(
  definition: StageKind<Name, Schema>,
): StageKind<Name, Schema> {
  return definition
}
