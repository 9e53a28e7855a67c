import { count, listed } from '../../base/count.js'
import { shellWord } from '../../base/shell.js'
import { commonPrefix, isSafetensors } from '../../formats/stateDict.js'
import { safetensorsShapes, type WeightShapes } from '../../formats/weightShapes.js'
import { describers, type WeightsDescription } from './describers.js'
import type { FileAtHand } from './fileAtHand.js'
import { reportFacts } from './reportFacts.js'
import { sizeText } from './texts.js'
import type { Found, InspectedWeights } from './types.js'

/** A safetensors file. */
export async function safetensors(file: FileAtHand): Promise<Found | undefined> {
  if (!isSafetensors(file.head)) return undefined
  return weightsFound(file.path, await safetensorsShapes(file.path))
}

/** What is said of weights, once their shapes are read. */
export function weightsFound(path: string, shapes: WeightShapes): Found {
  const { tensors, within, beside, format } = shapes
  const names = [...tensors.keys()]
  const prefix = commonPrefix(names)
  const plain = new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]))
  let description: WeightsDescription | undefined
  const describer = describers.find((each) => {
    description = each.describe(plain)
    return description !== undefined
  })
  const bytes = [...tensors.values()].reduce((sum, tensor) => sum + tensor.bytes, 0)
  const isTaken = description !== undefined && description.refused === undefined
  const option = isTaken ? describer?.option : undefined
  const weights: InspectedWeights = {
    format,
    tensors: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    bytes,
    beside,
    placeholders: [],
    ...(option ? { option } : {}),
    ...(description?.config ? { config: description.config } : {}),
    ...(description?.report ? { report: description.report } : {}),
    ...(description?.activation ? { activation: description.activation } : {}),
  }
  return {
    kind: 'weights',
    what: description === undefined ? 'weights of a network that semples does not know' : weightsOf(description.what),
    facts: [
      ['format', `${format}, ${count(tensors.size, 'tensor')}, ${sizeText(bytes)}`],
      ['numbers', dtypesText(shapes)],
      ...(within.length > 0 || prefix !== '' ? [['within', whereText(within, prefix)] as [string, string]] : []),
      ...besideFacts(shapes),
      ...(description?.sizes ? [['sizes', sizesText(description.sizes)] as [string, string]] : []),
      ...(description?.activation
        ? [['activation', `${description.activation.value}: ${description.activation.because}`] as [string, string]]
        : []),
      ...(description?.report ? reportFacts(description.report) : []),
      ...(description === undefined ? [['tensors', listed(names, 4)] as [string, string]] : []),
    ],
    ...(description === undefined ? { refused: UNKNOWN } : {}),
    ...(description?.refused ? { refused: description.refused } : {}),
    ...(option ? { next: nextFor(path, option, description?.config) } : {}),
    weights,
  }
}

const UNKNOWN = {
  message: 'The names of its tensors are of no network that semples starts from.',
  hint: 'A mask generator starts from a DeiT, a ResNet-50 or -101 of torchvision, or EfficientNet-Lite0 (--weights); the stages need a CLIP (--clip).',
}

/** `a DeiT` becomes `the weights of a DeiT`. */
function weightsOf(what: string): string {
  return /^(an?|the) /.test(what) && !/weights/.test(what) ? `the weights of ${what}` : what
}

/** `float32, of int64 1`: the types of the numbers, the most frequent first. */
function dtypesText({ tensors }: WeightShapes): string {
  const counts = new Map<string, number>()
  for (const { dtype } of tensors.values()) counts.set(dtype, (counts.get(dtype) ?? 0) + 1)
  const [first, ...others] = [...counts].sort(([, one], [, other]) => other - one)
  if (first === undefined) return 'none'
  if (others.length === 0) return `all ${first[0]}`
  return [first, ...others].map(([dtype, number]) => `${dtype} in ${number}`).join(', ')
}

function whereText(within: readonly string[], prefix: string): string {
  const entry = within.length === 0 ? [] : [`entry ${within.join(' > ')}`]
  return [...entry, ...(prefix === '' ? [] : [`names begin with ${prefix}, which is taken off`])].join('; ')
}

/** What the file holds besides: of safetensors texts about it, of others what a training keeps. */
function besideFacts({ beside, format }: WeightShapes): [string, string][] {
  if (beside.length === 0) return []
  const isTexts = format === 'safetensors'
  const items = beside.map(({ name, value }) => {
    if (value === undefined) return name
    return isTexts ? `${name} ${value}` : `${name} (${value})`
  })
  return [isTexts ? ['metadata', listed(items)] : ['beside', `${listed(items)}: not taken`]]
}

function sizesText(sizes: Record<string, number>): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${size}`)
    .join(', ')
}

/** What to type. Fields of the config are given by --set. */
export function nextFor(path: string, option: '--weights' | '--clip', config?: Record<string, unknown>) {
  const settings = flattened(config ?? {}).map(([field, value]) => ` --set ${shellWord(`${field}=${value}`)}`)
  const other = option === '--clip' ? '--weights WEIGHTS' : '--clip CLIP'
  const files = `${option} ${shellWord(path)}${settings.join('')} ${other}`
  return {
    text:
      option === '--clip'
        ? 'Give it as the CLIP of a training:'
        : 'Give it as the weights that a mask generator starts from:',
    commands: [`npx semples train --data DIR ${files} --out runs/first`],
  }
}

/** `generator.kind`, `cnn` of nested fields. */
function flattened(fields: Record<string, unknown>, path = ''): [string, unknown][] {
  return Object.entries(fields).flatMap(([name, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flattened(value as Record<string, unknown>, `${path}${name}.`)
      : [[`${path}${name}`, value]],
  )
}
