import { checkInput } from '../config/check.js'
import { defaultConfig } from '../config/resolve.js'
import { stagesOf } from '../config/stagesOf.js'
import type { RunConfig } from '../config/types.js'
import { namedWeights } from '../weights/table.js'

/**
 * Names of the weights that a preset starts from: those it names itself, else those that its kind of generator was published
 * with, and OpenAI's ViT-B/32 where a stage needs a CLIP. None where the package carries them.
 *
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` for what is no preset
 */
export function neededWeights(preset: string): string[] {
  const checked = checkInput({ preset: preset as RunConfig['preset'] })
  const config = defaultConfig(checked.preset) as RunConfig
  const { generator, clip } = config
  const published = 'backbone' in generator ? generator.backbone : 'deit-small'
  const needsClip = stagesOf(config).some((stage) => stage.needsClip)
  const values = [generator.weights ?? published, ...(needsClip ? [clip.path ?? 'clip-vit-b-32'] : [])]
  return values.filter((value) => namedWeights(value) !== undefined)
}
