import type { SegmentConfig } from '../../config/segment/types.js'
import { readWeights } from '../../formats/stateDict.js'
import { Clip } from '../../models/clip/clip.js'
import type { Placement } from '../../models/devices.js'
import { loadEncoder } from '../../models/encoderWeights.js'
import { Segmenter } from '../../models/segmenter.js'
import type { LoadedWeights } from '../../models/weights.js'
import { encoderWeightsOf, kindOfSegmenter, nativeSegmenter } from '../../segment/kinds.js'
import { weightsFile } from '../../weights/find.js'

/** A segmentation model, with the CLIP that it looks through; disposed together. */
export interface SegmentModels extends Disposable {
  segmenter: Segmenter
  clip?: Clip
}

/**
 * A segmentation model of these sizes with random numbers.
 * @param classes background included
 * @throws SemplesError `SEMPLES_CLIP_MISSING`, and what opening a CLIP throws
 */
export async function makeSegmenter(
  config: Pick<SegmentConfig, 'model' | 'clip' | 'seed'>,
  classes: number,
  { device, precision }: Placement,
): Promise<SegmentModels> {
  const clip = kindOfSegmenter(config.model.kind).needsClip
    ? await openClip(config.clip, { device, precision })
    : undefined
  try {
    const segmenter = await Segmenter.create(
      nativeSegmenter(config.model, {
        classes,
        seed: config.seed,
        device,
        precision,
        ...(clip === undefined ? {} : { clip }),
      }),
    )
    return {
      segmenter,
      ...(clip === undefined ? {} : { clip }),
      [Symbol.dispose]() {
        segmenter.dispose()
        clip?.dispose()
      },
    }
  } catch (error) {
    clip?.dispose()
    throw error
  }
}

async function openClip({ path, activation, visionHeads, textHeads }: SegmentConfig['clip'], on: Placement) {
  const file = await weightsFile(path!, 'clip', {
    otherwise: 'Give the path of a CLIP (--clip), or a name of npx semples weights.',
  })
  return Clip.open({ path: file, activation, visionHeads, textHeads, ...on })
}

/**
 * Loads what the encoder starts from, a file or a name of the table; nothing where that is `random`, or where the kind
 * has no encoder of its own.
 * @throws SemplesError `SEMPLES_WEIGHTS_MISSING`, `SEMPLES_CHECKPOINT_MISMATCH`, and what reading the file throws
 */
export async function startEncoder(
  segmenter: Segmenter,
  model: SegmentConfig['model'],
): Promise<LoadedWeights | undefined> {
  const weights = encoderWeightsOf(model)
  if (weights === undefined || weights === 'random') return undefined
  const path = await weightsFile(weights, 'generator', {
    field: 'model.weights',
    otherwise: "Give a file, a name that npx semples weights prints, or 'random' (--weights random).",
  })
  const { tensors, unread } = await readWeights(path)
  const heads = 'patchSize' in model ? model.heads : undefined
  return loadEncoder(segmenter, tensors, path, { unread, ...(heads === undefined ? {} : { heads }) })
}
