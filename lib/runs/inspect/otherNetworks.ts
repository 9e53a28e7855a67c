import { otherNetwork } from '../../models/foreign/otherNetworks.js'
import type { ShapesByName, WeightsDescription } from './description.js'

/** Networks that neither a generator nor a CLIP is. */
export function describeOthers(tensors: ShapesByName): WeightsDescription | undefined {
  const found = otherNetwork([...tensors.keys()])
  return found && { what: found.what, refused: { message: found.because } }
}
