import { type Colors, keptByAllocator, type RefineSize, refineTerms } from './memory.js'
import type { RefineSettings } from './options.js'

/** Refining the maps of one picture. */
export interface RefinementJob extends RefineSize {
  kind: 'refinement'
  settings: Pick<RefineSettings, 'method' | 'own'>
  /** Default: as in a photograph. */
  colors?: Colors
}

/** Node.js, LibTorch and sharp before any work, and after the first of it. */
const PROCESS = 212e6

/** What a process holds at the most that refines a picture. */
export function refinementTerms({ settings, colors = 'photograph', ...size }: RefinementJob) {
  const { width, height, labels } = size
  const mask = width * height
  return [
    { what: 'Node.js, LibTorch and sharp', bytes: PROCESS },
    { what: 'scores as they were given', bytes: 4 * labels * mask },
    ...refineTerms(size, settings, colors),
    { what: 'what the allocator keeps', bytes: keptByAllocator(size, settings, colors) },
    { what: 'labels and mask', bytes: 3 * mask },
  ]
}
