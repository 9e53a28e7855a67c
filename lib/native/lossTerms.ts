import { SemplesError } from '../base/error.js'
import type { LossTermInfo } from './addon.js'
import { buildHint, findAddons } from './addonFile.js'
import { requireAddon } from './load.js'
import type { LoaderAddon } from './loaderAddon.js'

let terms: readonly LossTermInfo[] | undefined

/**
 * The loss terms of native/core/losses, read from the small addon beside the large one: LibTorch is not needed.
 * @throws SemplesError `SEMPLES_ADDON_NOT_FOUND` or `SEMPLES_ADDON_LOAD_FAILED`
 */
export function lossTerms(): readonly LossTermInfo[] {
  terms ??= read()
  return terms
}

function read(): readonly LossTermInfo[] {
  const file = findAddons()[0]!.loader
  const listed = requireAddon<Partial<LoaderAddon>>(file).lossTerms
  if (listed !== undefined) return listed
  throw new SemplesError('SEMPLES_ADDON_LOAD_FAILED', {
    message: 'This addon is older than this semples: it does not list its loss terms.',
    file,
    hint: buildHint(),
  })
}
