import { SemplesError, sentenceOf } from '../../base/error.js'
import { isDtype } from '../foreign/floats.js'
import type { WeightsReport } from '../weightsReport.js'
import { activationUnknown, type ChosenActivation } from './activation.js'
import { isRefusal, planClip } from './plan.js'
import { activationOfWeights, requireNumbers } from './source.js'

/** What a file of weights is as a CLIP. */
export interface ClipWeightsDescription {
  /** For people: `a CLIP with the names of Hugging Face`. */
  what: string
  sizes?: Record<string, number>
  report?: WeightsReport
  activation?: ChosenActivation
  /** What a person should know. */
  notes?: string[]
  /** Why the stages cannot take it. */
  refused?: { message: string; hint?: string }
}

/**
 * Tells what a file of weights is as a CLIP, from the names and shapes of its tensors and a config beside it.
 * @returns undefined for other networks
 */
export async function describeClipWeights(
  tensors: ReadonlyMap<string, { shape: number[]; dtype: string }>,
  path: string,
): Promise<ClipWeightsDescription | undefined> {
  const plan = planClip(new Map([...tensors].map(([name, { shape }]) => [name, shape])))
  if (plan === undefined) return undefined
  if (isRefusal(plan)) return { what: plan.what, refused: { message: plan.because, hint: plan.hint } }
  const { report, sizes } = plan
  const described = { what: report.what, sizes: { ...sizes }, report }
  const unread = [...tensors].filter(([, { dtype }]) => !isDtype(dtype))
  try {
    requireNumbers(path, plan, new Map(unread.map(([name, { dtype }]) => [name, dtype])))
    const { activation } = await activationOfWeights(path, plan)
    if (activation !== undefined) return { ...described, activation }
    return { ...described, notes: [activationUnknown(path).message] }
  } catch (error) {
    // Numbers of another type; a config beside it that is of another CLIP.
    if (!(error instanceof SemplesError)) throw error
    return { ...described, refused: { message: sentenceOf(error), hint: error.hint } }
  }
}
