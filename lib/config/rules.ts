import { SemplesError } from '../base/error.js'
import { canHavePixelLabels } from '../datasets/open.js'
import { kindOfGenerator } from '../models/generators/kinds.js'
import { stageNames } from '../stages/kinds.js'
import { checkTerms } from '../stages/terms.js'
import { stagesOf } from './stagesOf.js'
import type { RunConfig } from './types.js'

/**
 * What fields demand of each other.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`, `SEMPLES_CONFIG_UNKNOWN` for a loss term that does not exist
 */
export function checkRules(config: RunConfig): void {
  for (const name of stageNames) checkTerms(config[name].terms, `${name}.terms`)
  checkStages(config)
  for (const name of config.stages) checkOptimizer(name, config[name].optimizer)
  kindOfGenerator(config.generator.kind).check(config.generator)
  if (config.cams.scales[0] !== 1)
    throw misfit('cams.scales', config.cams.scales, 'a list that begins with 1, the size of the masks')
  if (config.select === 'miou' && !canHavePixelLabels(config.data))
    throw misfit(
      'select',
      config.select,
      'last, because these pictures have no pixel labels',
      `Give data.masks, or select: 'last'.${config.reference ? ' (The published behaviour, reference, selects by mean IoU.)' : ''}`,
    )
}

function checkStages(config: RunConfig): void {
  const { stages } = config
  const ordered = stageNames.filter((name) => stages.includes(name))
  if (ordered.join() !== stages.join())
    throw misfit('stages', stages, `each at most once, in the order ${stageNames.join(', ')}`)
  const all = stagesOf(config)
  const empty = all.find(({ terms }) => Object.keys(terms).length === 0)
  if (empty !== undefined)
    throw misfit(`${empty.name}.terms`, config[empty.name].terms, 'at least one loss term with a weight above 0')
  const learned = all.findIndex(({ trains }) => trains === 'prompts')
  const early = all.find(
    ({ trains, needsPrompts }, at) => trains !== 'prompts' && needsPrompts && (learned < 0 || learned > at),
  )
  if (early !== undefined)
    throw misfit(
      'stages',
      stages,
      `prompt before ${early.name}, which uses the prompts learned there`,
      `Add prompt, or set the loss terms of ${early.name} that use prompts to 0 (${early.name}.terms.foreground_prompt=0).`,
    )
}

/**
 * Fields that only one optimiser has.
 * @param stage section that holds `optimizer`
 */
export function checkOptimizer(
  stage: string,
  { kind, momentum, nesterov, beta1, beta2, epsilon }: RunConfig['match']['optimizer'],
): void {
  const others = kind === 'sgd' ? { beta1, beta2, epsilon } : { momentum, nesterov }
  for (const [field, value] of Object.entries(others))
    if (value !== undefined)
      throw misfit(`${stage}.optimizer.${field}`, value, `no value with ${stage}.optimizer.kind ${kind}`)
  if (nesterov === true && !momentum)
    throw misfit(`${stage}.optimizer.nesterov`, true, `a momentum above 0 beside it (${stage}.optimizer.momentum)`)
}

export function misfit(field: string, value: unknown, expected: string, hint?: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The value of ${field} does not fit the rest of the config.`,
    field,
    value,
    expected,
    hint,
  })
}
