import { count, listed } from '../../base/count.js'
import { isDtype } from './floats.js'
import type { Load } from './load.js'
import { backboneOf, otherBackbone, otherSizes } from './misfit.js'
import { otherNetwork as networkOfOthers } from './otherNetworks.js'
import { judgeStrangers, prefixesOf, RESNET_HINT, recognise, weightsOf } from './recognised.js'
import { sameShape, shapeText } from './sizes.js'
import type { Refusal } from './types.js'

const PRETRAINED_HINT =
  'Give the sizes of these weights under generator (width, depth, heads, patchSize), or other weights.'
const STARTS_HINT =
  'A generator starts from a DeiT or another plain vision transformer, from a ResNet-50 or -101 of torchvision, or from EfficientNet-Lite0: npx semples weights lists them.'
const CHECKPOINT_HINT =
  'A stage needs a checkpoint of the classification stage; add "classify" to the stages to train one from DeiT weights.'
const TRANSFORMER_HINT =
  'Give a plain vision transformer, whose blocks are those of the generator: DeiT, ViT, MAE or the first DINO.'

/** Why weights are not taken: the first reason that there is. */
export function refusalOf(load: Load, subject: string): Refusal | undefined {
  return (
    twice(load, subject) ??
    otherNetwork(load, subject) ??
    otherBackbone(load, subject) ??
    influence(load, subject) ??
    unread(load, subject) ??
    otherSizes(load, subject) ??
    within(load, subject) ??
    lacking(load, subject) ??
    shapes(load, subject) ??
    unknown(load, subject)
  )
}

function twice({ groups, own }: Load, subject: string): Refusal | undefined {
  for (const [to, group] of groups) {
    const parts = group.map(({ part }) => part)
    if (!own.has(to) || new Set(parts).size === group.length) continue
    const same = group.filter(({ part }, at) => parts.indexOf(part) !== at || parts.lastIndexOf(part) !== at)
    return {
      message: `In ${subject} ${same.map(({ name }) => name).join(' and ')} are the same tensor of the generator, ${to}.`,
      hint: 'Save one of them: which one is meant cannot be told.',
    }
  }
  return undefined
}

function otherNetwork(load: Load, subject: string): Refusal | undefined {
  const { entries, own, purpose, namesOf } = load
  const other = networkOfOthers(entries.map(({ name }) => name))
  if (other !== undefined)
    return { message: `${subject} holds the weights of ${other.what}. ${other.because}`, hint: STARTS_HINT }
  if (purpose === 'whole' && own.has('cls_token') && entries.some(({ to }) => to === 'dist_token'))
    return {
      message: `${subject} holds the weights of a distilled DeiT. Its distillation token takes part in the attention of every block, and the generator has none.`,
      hint: CHECKPOINT_HINT,
    }
  const network = recognise(
    entries.map(({ to }) => to),
    new Set(own.keys()),
  )
  if (network === undefined) return undefined
  const names = namesOf === undefined ? '' : ` with the names of ${namesOf}`
  const backbone = backboneOf(load)
  if (backbone !== undefined)
    return {
      message: `${subject} holds ${weightsOf(network.what)}${names}. ${network.because}`,
      hint: `Set generator: { kind: 'cnn', backbone: '${backbone}' } in the config, or give the weights of a DeiT.`,
    }
  return { message: `${subject} holds ${weightsOf(network.what)}${names}. ${network.because}`, hint: network.hint }
}

function strangers({ entries, own, purpose }: Load) {
  const places = new Map(entries.map(({ name, to }) => [name, to]))
  const judged = entries.filter(({ to }) => !(to === 'dist_token' && purpose === 'start'))
  return judgeStrangers(
    judged.map(({ name }) => name),
    new Set(own.keys()),
    (name) => places.get(name)!,
  )
}

function influence(load: Load, subject: string): Refusal | undefined {
  return otherwise(load, strangers(load).influence, subject)
}

function within(load: Load, subject: string): Refusal | undefined {
  return otherwise(load, strangers(load).within, subject)
}

function otherwise({ ownSizes }: Load, names: string | undefined, subject: string): Refusal | undefined {
  if (names === undefined) return undefined
  return {
    message: `${subject} is of a network that does not compute what the generator computes. It has ${names}.`,
    hint: ownSizes === undefined ? RESNET_HINT : TRANSFORMER_HINT,
  }
}

function unread(load: Load, subject: string): Refusal | undefined {
  const found = load.entries.find(
    (entry) => load.own.has(entry.to) && load.dropped(entry) === undefined && !isDtype(entry.dtype),
  )
  if (found === undefined) return undefined
  return {
    message: `In ${subject} tensor ${found.name}, which the generator needs, holds numbers of type ${found.dtype}.`,
    hint: 'Save the weights as float32, float16 or bfloat16.',
  }
}

function shapes(load: Load, subject: string): Refusal | undefined {
  const others = load.model.flatMap((tensor) => {
    const step = load.step(tensor)
    if (step === undefined || sameShape(load.shapeOf(step, tensor), tensor.shape)) return []
    const [first] = load.sources(tensor.name)
    return [`${first!.name}: file ${shapeText(load.shapes.get(tensor.name)!)}, model ${shapeText(tensor.shape)}`]
  })
  if (others.length === 0) return undefined
  return {
    message: `${subject} is of another architecture than the generator. Different shapes: ${listed(others, 3)}.`,
    hint: PRETRAINED_HINT,
  }
}

function lacking(load: Load, subject: string): Refusal | undefined {
  const missing = load.model.filter((tensor) => load.needs(tensor) && load.sources(tensor.name).length === 0)
  const [first] = missing
  if (first === undefined) return undefined
  const hint = load.purpose === 'whole' ? CHECKPOINT_HINT : PRETRAINED_HINT
  const names = load.entries.map(({ name }) => name)
  const prefixed = behindPrefix(names, new Set(load.own.keys()), subject)
  if (prefixed !== undefined) return prefixed
  const dropped = load.entries.filter((entry) => load.dropped(entry) !== undefined)
  if (names.length > 0 && dropped.length === names.length)
    return {
      message: `${subject} holds ${listed(names, 3)} alone: ${load.dropped(dropped[0]!)!}, and nothing of the network before it.`,
      hint: 'Give the file with the whole network.',
    }
  if (load.model.every(({ name }) => load.sources(name).length === 0))
    return {
      message:
        names.length === 0
          ? `${subject} holds no tensor.`
          : `${subject} holds ${count(names.length, 'tensor')}, none of which the generator has: ${listed(names, 3)}.`,
      hint: load.purpose === 'whole' ? CHECKPOINT_HINT : STARTS_HINT,
    }
  const others = missing.length === 1 ? '' : `, and ${missing.length - 1} more`
  return { message: `The generator needs tensors that ${subject} lacks: ${first.name} is missing${others}.`, hint }
}

/** Where some names have the prefix of a wrapper: a prefix that all share was taken off when the file was read. */
function behindPrefix(names: readonly string[], own: ReadonlySet<string>, subject: string): Refusal | undefined {
  const found = prefixesOf(names)
  if (found === undefined) return undefined
  const { prefix, count: some } = found
  const others = names.filter((name) => !name.startsWith(prefix))
  if (others.length === 0 || !names.some((name) => name.startsWith(prefix) && own.has(name.slice(prefix.length))))
    return undefined
  // Where only a part of the network lies behind it, all of it is wanted.
  const apart = others.some((name) => own.has(name))
  const where = apart ? '' : ` if k.startswith("${prefix}")`
  return {
    message: `In ${subject} ${some} of the ${names.length} names of tensors begin with "${prefix}", the others do not: ${listed(others, 3)}.`,
    hint: `Save the ${apart ? 'weights under names without it' : 'part that is the network'}: torch.save({k.removeprefix("${prefix}"): v for k, v in weights.items()${where}}, "network.pth").`,
  }
}

/** A checkpoint of the very network has nothing else. */
function unknown(load: Load, subject: string): Refusal | undefined {
  if (load.purpose === 'start') return undefined
  const { unknown: names } = strangers(load)
  if (names.length === 0) return undefined
  return {
    message: `${subject} is of another architecture than the generator. Unknown to the model: ${listed(names, 3)}.`,
    hint: CHECKPOINT_HINT,
  }
}
