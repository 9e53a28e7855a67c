import { activationUnknown, configBeside, OPENAI_ACTIVATION } from '../../models/clip/activation.js'
import { isRefusal, planClip } from '../../models/clip/plan.js'
import type { ShapesByName, WeightsDescription } from './description.js'
import { refusalOf } from './texts.js'

/** What weights of a CLIP are, with the activation that a config beside them tells. */
export async function describeClip(tensors: ShapesByName, path: string): Promise<WeightsDescription | undefined> {
  const plan = planClip(new Map([...tensors].map(([name, { shape }]) => [name, shape])))
  if (plan === undefined) return undefined
  if (isRefusal(plan)) return { what: plan.what, refused: { message: plan.because, hint: plan.hint } }
  const { report, sizes, isOpenAis } = plan
  const description = { what: report.what, sizes: { ...sizes }, report }
  try {
    const beside = await configBeside(path, sizes)
    const activation = beside?.activation ?? (isOpenAis ? OPENAI_ACTIVATION : undefined)
    if (activation !== undefined) return { ...description, activation }
    const { message, hint } = refusalOf(activationUnknown(path))
    return { ...description, notes: [message, ...(hint === undefined ? [] : [hint])] }
  } catch (error) {
    return { ...description, refused: refusalOf(error) }
  }
}
