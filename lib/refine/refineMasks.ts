import { isFolders } from './inputs.js'
import { RefineStream } from './stream.js'
import type { RefineFolders, RefineInputs, RefineMasksOptions } from './types.js'

/**
 * Refines the masks of many pictures: an async iterable over them in the order of the inputs, whose `finished` settles
 * when all are done (`await refineMasks(...).finished` is the batch form). Work begins with the first of the two, and
 * goes on only as fast as results are taken.
 *
 * @param inputs two folders whose files belong together by name, or inputs
 * @param options settings, output and resources; with folders they may stand beside these
 * @throws SemplesError at the first picture for options, folders and output that do not fit; the reason of `signal`
 */
export function refineMasks(
  inputs: RefineInputs | (RefineFolders & RefineMasksOptions),
  options: RefineMasksOptions = {},
): RefineStream {
  return new RefineStream(async function* (summary) {
    // What it takes (sharp, LibTorch) is loaded when work begins.
    const { refineAll } = await import('./refineAll.js')
    if (!isFolders(inputs)) yield* refineAll(inputs, options, summary)
    else {
      const { images, cams, ...beside } = inputs
      yield* refineAll({ images, cams }, { ...beside, ...options }, summary)
    }
  })
}
