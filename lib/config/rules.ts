import { SemplesError } from '../base/error.js'
import { type RunConfig, type StageName, stageNames } from './types.js'

/**
 * What fields demand of each other.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function checkRules(config: RunConfig): void {
  checkStages(config)
  checkGenerator(config)
  if (config.cams.scales[0] !== 1) {
    throw invalid('cams.scales', config.cams.scales, 'a list that begins with 1, the size of the masks')
  }
  const { select, data } = config
  if (select === 'miou' && 'folder' in data && data.masks === undefined) {
    throw invalid(
      'select',
      select,
      'last, because these pictures have no pixel labels',
      `Give data.masks, or select: 'last'.${config.reference ? ' (The published behaviour, reference, selects by mean IoU.)' : ''}`,
    )
  }
}

function checkStages({ stages, refine }: RunConfig): void {
  const ordered = stageNames.filter((name) => stages.includes(name))
  if (ordered.join() !== stages.join()) {
    throw invalid('stages', stages, `each at most once, in the order ${stageNames.join(', ')}`)
  }
  if (stages.includes('refine') && !stages.includes('prompt') && refine.foregroundPrompt > 0) {
    throw invalid(
      'stages',
      stages,
      'prompt before refine, which uses the prompts learned there',
      'Add prompt, or set refine.foregroundPrompt to 0.',
    )
  }
}

function checkGenerator({ generator }: RunConfig): void {
  const { imageSize, patchSize, width, heads, depth, fusionReduction, fusionFeatureReduction } = generator
  if (imageSize % patchSize !== 0) {
    throw invalid('generator.imageSize', imageSize, `a multiple of generator.patchSize (${patchSize})`)
  }
  if (width % heads !== 0) throw invalid('generator.width', width, `a multiple of generator.heads (${heads})`)
  if (fusionReduction > heads * depth) {
    throw invalid('generator.fusionReduction', fusionReduction, `at most heads * depth (${heads * depth})`)
  }
  if (fusionFeatureReduction > width / heads) {
    throw invalid(
      'generator.fusionFeatureReduction',
      fusionFeatureReduction,
      `at most width / heads (${width / heads})`,
    )
  }
}

/** Stages whose losses look at pictures or texts through CLIP. */
export function usesClip(stages: readonly StageName[]): boolean {
  return stages.some((name) => name !== 'classify')
}

function invalid(field: string, value: unknown, expected: string, hint?: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The value of ${field} does not fit the rest of the config.`,
    field,
    value,
    expected,
    hint,
  })
}
