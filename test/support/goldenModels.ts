import type { OpenClipOptions } from '../../lib/models/clip/clip.js'
import type { MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import { readGoldenJson } from './golden.js'

/** The `config` metadata of a generator file, in the names of this package. */
export function generatorConfig(config: Record<string, unknown>): MaskGeneratorConfig {
  const number = (key: string) => config[key] as number
  return {
    kind: 'weaktr',
    imageSize: number('img_size'),
    patchSize: number('patch_size'),
    width: number('embed_dim'),
    depth: number('depth'),
    heads: number('num_heads'),
    classes: number('num_classes'),
    fusionReduction: number('reduction'),
    fusionPool: config.pool === 'avg' ? 'mean' : 'max',
    fusionFeatureReduction: number('feat_reduction'),
    dropPathRate: 0,
  }
}

/** Options that open the golden CLIP: head counts are not stored in OpenAI archives. */
export function clipOptions(path: string): OpenClipOptions {
  const config = readGoldenJson<{ vision_heads: number; transformer_heads: number }>('clip_config.json')
  return { path, visionHeads: config.vision_heads, textHeads: config.transformer_heads }
}
