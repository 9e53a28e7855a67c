import { listed } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import type { TensorMap } from '../base/tensor.js'
import type { MaskGenerator } from './maskGenerator.js'
import { judgeStrangers, prefixesOf, recognise } from './recognised.js'

const PRETRAINED_HINT =
  'Give the sizes of these weights under generator (width, depth, heads, patchSize), or other weights.'
const CHECKPOINT_HINT =
  'A stage needs a checkpoint of the classification stage; add "classify" to the stages to train one from DeiT weights.'

export interface LoadedWeights {
  /** Names that the file lacked. */
  missing: string[]
  /** Names in the file of which nothing is known: they were left out. */
  unknown: string[]
}

/** Tensors of a file that hold numbers of a type that weights do not have, with that type. */
export type UnreadTensors = ReadonlyMap<string, string>

/**
 * Loads a DeiT or WeakTr checkpoint before classification training. A DeiT has no CAM head and no attention fusion:
 * those keep their random initialisation; everything else must be there.
 *
 * @param unread what the file holds besides
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` saying what the file is, where that is recognised
 */
export async function loadPretrained(
  generator: MaskGenerator,
  tensors: TensorMap,
  path: string,
  unread: UnreadTensors = new Map(),
): Promise<LoadedWeights> {
  const own = new Set(generator.parameters.map(({ name }) => name))
  const names = [...Object.keys(tensors), ...unread.keys()]
  refuseNetwork(names, own, path)
  const { influence, unknown } = judgeStrangers(names, own)
  refuseInfluence(influence, path)
  refuseUnread(own, unread, path)
  const required = generator.parameters.filter(({ head }) => !head).map(({ name }) => name)
  const { missing } = await named(path, PRETRAINED_HINT, names, () =>
    generator.load(tensors, { strict: false, required, adapt: true }),
  )
  return { missing, unknown }
}

/**
 * Loads a whole checkpoint of the same architecture.
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` naming the file and the first tensors that do not fit
 */
export async function loadCheckpoint(
  generator: MaskGenerator,
  tensors: TensorMap,
  path: string,
  unread: UnreadTensors = new Map(),
): Promise<void> {
  const own = new Set(generator.parameters.map(({ name }) => name))
  const names = [...Object.keys(tensors), ...unread.keys()]
  refuseNetwork(names, own, path)
  refuseUnread(own, unread, path)
  await named(path, CHECKPOINT_HINT, names, () => generator.load(tensors, { strict: true, adapt: true }))
}

/** What a person should know of weights of which a part was left out. */
export function unknownNotice({ unknown }: LoadedWeights): string | undefined {
  if (unknown.length === 0) return undefined
  return `the weights hold ${unknown.length === 1 ? 'a tensor' : `${unknown.length} tensors`} that the generator does not know, left out: ${listed(unknown, 3)}`
}

function refuseNetwork(names: readonly string[], own: ReadonlySet<string>, file: string): void {
  const network = recognise(names, own)
  if (network === undefined) return
  throw mismatch(file, `${file} holds the weights of ${network.what}. ${network.because}`, network.hint)
}

function refuseInfluence(influence: string | undefined, file: string): void {
  if (influence === undefined) return
  throw mismatch(
    file,
    `${file} is of a network that computes otherwise than the generator. It has ${influence}.`,
    'Give the weights of a plain DeiT or ResNet, or the sizes of these under generator where depth or backbone differ.',
  )
}

function refuseUnread(own: ReadonlySet<string>, unread: UnreadTensors, file: string): void {
  const [needed] = [...unread].filter(([name]) => own.has(name))
  if (needed === undefined) return
  const [name, type] = needed
  throw mismatch(
    file,
    `In ${file} tensor ${name}, which the generator needs, holds numbers of type ${type}.`,
    'Save the weights as float32, float16 or bfloat16.',
  )
}

function mismatch(file: string, message: string, hint: string): SemplesError {
  return new SemplesError('SEMPLES_CHECKPOINT_MISMATCH', { message, file, field: 'generator.weights', hint })
}

/** Adds to a mismatch the file at fault and what to do. */
async function named<T>(file: string, hint: string, names: readonly string[], load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (!(cause instanceof SemplesError) || cause.code !== 'SEMPLES_CHECKPOINT_MISMATCH') throw cause
    const { message, ...rest } = behindPrefix(names) ?? { message: cause.message, hint }
    throw new SemplesError(cause.code, { message, file, field: 'generator.weights', ...rest, cause })
  }
}

/** Where some names have the prefix of a wrapper: a prefix that all share was taken off when the file was read. */
function behindPrefix(names: readonly string[]): { message: string; hint: string } | undefined {
  const found = prefixesOf(names)
  if (found === undefined) return undefined
  const { prefix, count } = found
  const others = names.filter((name) => !name.startsWith(prefix))
  return {
    message: `${count} of the ${names.length} names of tensors begin with "${prefix}", the others do not: ${listed(others, 3)}.`,
    hint: `Save the part that is the network: torch.save({k.removeprefix("${prefix}"): v for k, v in weights.items() if k.startswith("${prefix}")}, "network.pth").`,
  }
}
