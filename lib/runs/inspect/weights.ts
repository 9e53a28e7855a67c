import { count, listed } from '../../base/count.js'
import { shellWord } from '../../base/shell.js'
import { refusePart } from '../../formats/safetensorsIndex.js'
import { commonPrefix, isSafetensors } from '../../formats/stateDict.js'
import { safetensorsShapes, type WeightShapes } from '../../formats/weightShapes.js'
import { describers } from './describers.js'
import type { FileAtHand } from './fileAtHand.js'
import { reportFacts } from './reportFacts.js'
import { sizeText } from './texts.js'
import type { Found } from './types.js'

/** A safetensors file. */
export async function safetensors(file: FileAtHand): Promise<Found | undefined> {
  if (!isSafetensors(file.head)) return undefined
  refusePart(file.path)
  return weightsFound(file.path, await safetensorsShapes(file.path))
}

/** What is said of weights, once their shapes are read. */
export async function weightsFound(path: string, shapes: WeightShapes): Promise<Found> {
  const { tensors, aside, placeholders, format, unread } = shapes
  const names = [...tensors.keys(), ...unread.keys()]
  const prefix = commonPrefix(names)
  const { option, description } = await described(path, shapes, prefix)
  const bytes = [...tensors.values()].reduce((sum, tensor) => sum + tensor.bytes, 0)
  const { sizes, config, report, activation, notes = [], refused = UNKNOWN } = description ?? {}
  const isTaken = description !== undefined && description.refused === undefined
  const next = isTaken ? (description.next ?? (option && nextFor(path, option, config))) : undefined
  return {
    kind: 'weights',
    what: description === undefined ? 'weights of a network that semples does not know' : weightsOf(description.what),
    facts: [
      ['format', `${format}, ${count(names.length, 'tensor')}, ${sizeText(bytes)}`],
      ['numbers', dtypesText(shapes)],
      ...keptFacts(shapes, prefix),
      ...fact('sizes', sizes && sizesText(sizes)),
      ...fact('activation', activation && `${activation.value}: ${activation.because}`),
      ...(report ? reportFacts(report) : []),
      ...fact('tensors', description === undefined ? listed(names, 4) : undefined),
    ],
    notes,
    ...(isTaken ? {} : { refused }),
    ...(next === undefined ? {} : { next }),
    weights: {
      format,
      tensors: [
        ...[...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
        ...[...unread].map(([name, dtype]) => ({ name, dtype, shape: [] })),
      ],
      bytes,
      aside: [...aside],
      placeholders: [...placeholders],
      ...(isTaken && option ? { option } : {}),
      ...(config ? { config } : {}),
      ...(report ? { report } : {}),
      ...(activation ? { activation } : {}),
    },
  }
}

/** What the first describer says that knows the network. Of types that are not read the shape need not be known. */
async function described(path: string, { tensors, unread }: WeightShapes, prefix: string) {
  const plain = new Map<string, { shape: number[]; dtype: string }>()
  for (const [name, tensor] of tensors) plain.set(name.slice(prefix.length), tensor)
  for (const [name, dtype] of unread) plain.set(name.slice(prefix.length), { shape: [], dtype })
  for (const { option, describe } of describers) {
    const description = await describe(plain, path)
    if (description !== undefined) return { option, description }
  }
  return {}
}

function fact(name: string, text: string | undefined): [string, string][] {
  return text === undefined ? [] : [[name, text]]
}

const UNKNOWN = {
  message: 'The names of its tensors are of no network that semples starts from.',
  hint: 'A mask generator starts from a DeiT, a ResNet-50 or -101 of torchvision, or EfficientNet-Lite0 (--weights); the stages need a CLIP (--clip).',
}

/** `a DeiT` becomes `the weights of a DeiT`. */
function weightsOf(what: string): string {
  return /^(an?|the) (?!state )/.test(what) && !/weights/.test(what) ? `the weights of ${what}` : what
}

/** `float32 in 150, int64 in 2`: the types of the numbers, the most frequent first. */
function dtypesText({ tensors, unread }: WeightShapes): string {
  const counts = new Map<string, number>()
  for (const dtype of [...[...tensors.values()].map((tensor) => tensor.dtype), ...unread.values()])
    counts.set(dtype, (counts.get(dtype) ?? 0) + 1)
  const sorted = [...counts].sort(([, one], [, other]) => other - one)
  if (sorted.length === 1) return `all ${sorted[0]![0]}`
  return sorted.map(([dtype, number]) => `${dtype} in ${number}`).join(', ')
}

/** What the file holds besides: texts about it, what a training keeps, objects of Python. */
function keptFacts({ aside, placeholders, metadata }: WeightShapes, prefix: string): [string, string][] {
  const texts = Object.entries(metadata).map(([name, text]) => `${name} ${text.length > 40 ? '…' : text}`)
  const objects = placeholders.map(({ path, count: number }) => (number === 1 ? path : `${path} (${number})`))
  return [
    ...fact('names', prefix === '' ? undefined : `all begin with ${prefix}, which is taken off`),
    ...fact('metadata', texts.length === 0 ? undefined : listed(texts)),
    ...fact(
      'beside',
      aside.length === 0 ? undefined : `${listed(aside.map(({ name, what }) => `${name} (${what})`))}: not taken`,
    ),
    ...fact('objects', objects.length === 0 ? undefined : `${listed(objects)}: of Python, and nothing of them was run`),
  ]
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
