import { requireRefineDevice } from './device.js'
import type { RefineOptions } from './options.js'
import { prepare, refinePrepared, resourcesOf, workBytes } from './refinePicture.js'
import { settingsOf } from './settings.js'
import type { RefinedMask, RefineExecution, RefineInput } from './types.js'

export type RefineMaskOptions = RefineInput & RefineOptions & RefineExecution

/** `refineMask` of the public API, documented in lib/api/masks.ts. */
export async function refineMask(options: RefineMaskOptions): Promise<RefinedMask> {
  const {
    image,
    scores,
    labels,
    name,
    classTable,
    withScores = false,
    threads,
    memoryLimit,
    device = 'cpu',
    signal,
    ...settings
  } = options
  const resolved = await settingsOf(settings, classTable)
  requireRefineDevice(device)
  const execution = { scores: withScores, ...resourcesOf({ threads, memoryLimit }), device, signal }
  const prepared = await prepare({ image, scores, labels, name }, resolved, signal)
  return refinePrepared(prepared, resolved, {
    ...execution,
    workBytes: workBytes(prepared, resolved, execution.memoryLimit),
  })
}
