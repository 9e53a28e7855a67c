import { clipDecoderMemory } from './clipDecoder.js'
import { deeplabMemory } from './deeplab.js'
import type { SegmenterMemory, SegmenterSizes } from './segmenterSizes.js'
import { vitMaskMemory } from './vitMask.js'

/** What a segmentation model takes, from its sizes alone. */
export function segmenterMemory(sizes: SegmenterSizes, classes: number): SegmenterMemory {
  if (sizes.kind === 'vit-mask') return vitMaskMemory(sizes, classes)
  return sizes.kind === 'deeplabv3plus' ? deeplabMemory(sizes, classes) : clipDecoderMemory(sizes, classes)
}
