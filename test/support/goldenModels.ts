import type { GeneratorConfig } from '../../lib/models/maskGenerator.js'

/** The `config` metadata of a generator file, in the names of this package. */
export function generatorConfig(config: Record<string, unknown>): GeneratorConfig {
  const number = (key: string) => config[key] as number
  return {
    imageSize: number('img_size'),
    patchSize: number('patch_size'),
    width: number('embed_dim'),
    depth: number('depth'),
    heads: number('num_heads'),
    classes: number('num_classes'),
    fusionReduction: number('reduction'),
    fusionPool: config.pool === 'avg' ? 'mean' : 'max',
    fusionFeatureReduction: number('feat_reduction'),
    dropPath: 0,
  }
}
