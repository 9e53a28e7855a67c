import type { z } from 'zod'
import { kindNamed } from '../base/kindNamed.js'
import type { Clip } from '../models/clip/clip.js'
import type { Placement } from '../models/devices.js'
import type { SegmenterConfig } from '../models/segmenter.js'
import { clipDecoder } from './kinds/clipDecoder.js'
import { deeplab } from './kinds/deeplab.js'
import type { SegmenterKind } from './kinds/kind.js'
import { vitMask } from './kinds/vitMask.js'

/** Every kind of segmentation model; the first is the default. */
export const segmenterKinds = [vitMask, deeplab, clipDecoder] as const

export type SegmenterName = (typeof segmenterKinds)[number]['kind']

export const segmenterNames = segmenterKinds.map(({ kind }) => kind) as [SegmenterName, ...SegmenterName[]]

/** Options of a segmentation model with every default filled in. */
export type SegmenterOptions = z.infer<(typeof segmenterKinds)[number]['schema']>

/**
 * The kind of that name; without one the default.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function kindOfSegmenter(name: unknown, where = ''): SegmenterKind {
  return kindNamed<SegmenterKind>(segmenterKinds, name, { what: 'segmentation model', field: 'model.kind', where })
}

/** The weights that the encoder starts from; undefined where the kind has none of its own. */
export function encoderWeightsOf(model: SegmenterOptions): string | undefined {
  return 'weights' in model ? model.weights : undefined
}

/** What the addon makes a segmentation model of. */
export function nativeSegmenter(
  model: SegmenterOptions,
  made: Placement & { classes: number; seed?: number; clip?: Clip },
): SegmenterConfig {
  const { weights: _, ...options } = model as SegmenterOptions & { weights?: string }
  return { ...options, ...made }
}
