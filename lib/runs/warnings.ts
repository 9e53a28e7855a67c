import { demoClip } from '../config/presets/demo.js'
import { stagesOf } from '../config/stagesOf.js'
import type { RunConfig } from '../config/types.js'
import { OBJECTS } from '../scenes/vocabulary.js'

/** What every reader of a run's results must know; each output says it. */
export function configWarnings(config: RunConfig): string[] {
  const found: string[] = []
  if (config.generator.weights === 'random')
    found.push('The generator starts from RANDOM weights: masks will be poor. Give generator.weights for real use.')
  if (config.clip.path === demoClip && stagesOf(config).some(({ needsClip }) => needsClip))
    found.push(
      `CLIP is the demo's: it knows DRAWN scenes with ${OBJECTS.join(', ')}, and nothing else. Give clip for real use.`,
    )
  if (config.select === 'miou')
    found.push('Epochs are selected by mIoU: PIXEL LABELS of the evaluation split are used.')
  return found
}
