import type { z } from 'zod'
import type { StageKind } from './kind.js'
import { classify } from './kinds/classify.js'
import { guide } from './kinds/guide.js'
import { match } from './kinds/match.js'
import { prompt } from './kinds/prompt.js'

/** Every stage, in the order in which they run. */
export const stageKinds = [classify, match, prompt, guide] as const

export type StageName = (typeof stageKinds)[number]['name']

export const stageNames = stageKinds.map(({ name }) => name) as [StageName, ...StageName[]]

/** The sections of a config that belong to stages. */
export type StageSections = {
  [Kind in (typeof stageKinds)[number] as Kind['name']]: z.infer<Kind['schema']>
}

export function stageKindOf(name: StageName): StageKind {
  return stageKinds.find((kind) => kind.name === name)! as StageKind
}
