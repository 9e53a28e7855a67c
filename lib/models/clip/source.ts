import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listed } from '../../base/count.js'
import { restated, SemplesError } from '../../base/error.js'
import { readWeights } from '../../formats/stateDict.js'
import type { NativeClipOptions } from '../../native/addon.js'
import { requireFinite } from '../finite.js'
import { otherNetwork } from '../foreign/otherNetworks.js'
import { recognise, weightsOf } from '../foreign/recognised.js'
import type { WeightsReport } from '../weightsReport.js'
import {
  activationOfCode,
  activationUnknown,
  type ChosenActivation,
  type ClipActivation,
  configBeside,
  OPENAI_ACTIVATION,
} from './activation.js'
import { readArchiveTexts } from './archive.js'
import { toOpenAiNames } from './convert.js'
import { type ClipPlan, type ClipRefusal, isRefusal, planClip } from './plan.js'

const GIVE_CLIP = "Give OpenAI's ViT-B-32.pt, or the weights of a CLIP from open_clip or Hugging Face."

/** A file of a CLIP, and what a person says of it. */
export interface ClipFile {
  path: string
  /** What nothing in the file or beside it tells. */
  activation?: ClipActivation
  visionHeads?: number
  textHeads?: number
}

/** What the addon opens, and what is known of it. */
export interface ClipSource {
  native: Omit<NativeClipOptions, 'device' | 'precision'>
  /** As the code of an archive tells it, absent where it does not; of weights always known. */
  activation?: ChosenActivation
  /** Of weights that are no archive. */
  report?: WeightsReport
}

/**
 * Reads what is needed to open a CLIP: an archive is opened by the addon, weights are read here and get OpenAI's names.
 *
 * @throws SemplesError `SEMPLES_CLIP_INVALID` saying what the file is, `SEMPLES_CLIP_ACTIVATION`
 */
export async function readClipSource(file: ClipFile): Promise<ClipSource> {
  const found = await stat(file.path).catch(() => undefined)
  if (found?.isDirectory() && existsSync(join(file.path, 'run.json')))
    throw clipRefused(file.path, {
      what: 'a run of semples',
      because: 'A run holds a generator and no CLIP.',
      hint: GIVE_CLIP,
    })
  // The reader of weights says what is no file, and does not wait for a pipe.
  if (found !== undefined && !found.isFile()) return sourceOfWeights(file)
  // What is no file, the addon says in one place with archives that it cannot open.
  if (found === undefined) return { native: archiveOptions(file) }
  // A damaged archive is told by the reader of weights.
  const texts = await readArchiveTexts(file.path).catch(() => undefined)
  return texts === undefined ? sourceOfWeights(file) : sourceOfArchive(file, texts.code)
}

function archiveOptions({ path, visionHeads, textHeads }: ClipFile): ClipSource['native'] {
  return { path, visionHeads, textHeads }
}

function sourceOfArchive(file: ClipFile, code: readonly string[]): ClipSource {
  const computed = activationOfCode(code)
  const given = file.activation
  if (given !== undefined && computed !== undefined && given !== computed.value)
    throw activationRefused(file.path, given, `${given}, and ${computed.because}`)
  return { native: { ...archiveOptions(file), activation: computed?.value ?? given }, activation: computed }
}

/** An archive says by itself what it computes. */
export function activationRefused(file: string, value: ClipActivation, what: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `clip.activation is ${what}.`,
    file,
    field: 'clip.activation',
    value,
    hint: 'Leave clip.activation out: an archive says by itself what it computes.',
  })
}

async function sourceOfWeights(file: ClipFile): Promise<ClipSource> {
  const { path } = file
  const { tensors, unread } = await readWeights(path).catch((cause: unknown) => {
    throw asClip(cause)
  })
  const shapes = new Map<string, readonly number[]>(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))
  // By their names alone; whether the CLIP needs them its plan says.
  for (const name of unread.keys()) shapes.set(name, [])
  const plan = requirePlan(planClip(shapes), path, [...shapes.keys()])
  requireNumbers(path, plan, unread)
  const { activation, beside } = await activationOfWeights(path, plan, file.activation)
  if (activation === undefined) throw activationUnknown(path)
  const weights = toOpenAiNames(tensors, plan.places)
  requireFinite(weights, path, 'SEMPLES_CLIP_INVALID')
  return {
    native: {
      weights,
      activation: activation.value,
      visionHeads: file.visionHeads ?? beside?.visionHeads,
      textHeads: file.textHeads ?? beside?.textHeads,
    },
    activation,
    report: plan.report,
  }
}

/** What a person says, else a config beside the file, else OpenAI's integers in it. */
export async function activationOfWeights(path: string, plan: ClipPlan, given?: ClipActivation) {
  const beside = await configBeside(path, plan.sizes)
  const activation = chosen(given) ?? beside?.activation ?? (plan.isOpenAis ? OPENAI_ACTIVATION : undefined)
  return { activation, beside }
}

/** What a person says, where they say something. */
export function chosen(value: ClipActivation | undefined): ChosenActivation | undefined {
  return value && { value, because: 'clip.activation says so' }
}

function requirePlan(plan: ClipPlan | ClipRefusal | undefined, path: string, names: readonly string[]): ClipPlan {
  if (plan === undefined) throw noClip(path, names)
  if (isRefusal(plan)) throw clipRefused(path, plan)
  return plan
}

export function clipRefused(path: string, { what, because, hint }: ClipRefusal): SemplesError {
  return new SemplesError('SEMPLES_CLIP_INVALID', {
    message: `${path} is ${what}. ${because}`,
    file: path,
    field: 'clip.path',
    hint,
  })
}

/** Weights, and not those of a CLIP. */
function noClip(path: string, names: readonly string[]): SemplesError {
  const network = otherNetwork(names) ?? recognise(names, new Set())
  return clipRefused(path, {
    what: network === undefined ? `no CLIP: its tensors are ${listed(names, 3)}` : weightsOf(network.what),
    because: 'A CLIP has an image tower and a text tower.',
    hint:
      network !== undefined && 'isGenerator' in network
        ? 'Give it as generator.weights (--weights), and for clip ViT-B-32.pt.'
        : GIVE_CLIP,
  })
}

/**
 * @param unread tensors whose numbers weights do not have, with their type
 * @throws SemplesError `SEMPLES_CLIP_INVALID` naming one that the CLIP is made of
 */
export function requireNumbers(path: string, { places }: ClipPlan, unread: ReadonlyMap<string, string>): void {
  for (const [name, type] of unread)
    if (places.has(name))
      throw new SemplesError('SEMPLES_CLIP_INVALID', {
        message: `In ${path} tensor ${name}, which the CLIP needs, holds numbers of type ${type}.`,
        file: path,
        field: name,
        value: type,
        hint: 'Save the weights as float32, float16 or bfloat16.',
      })
}

/** What reading weights throws, in the words of a CLIP. */
function asClip(cause: unknown): unknown {
  if (!(cause instanceof SemplesError) || cause.code !== 'SEMPLES_CHECKPOINT_INVALID') return cause
  return restated(cause, 'SEMPLES_CLIP_INVALID', {
    field: 'clip.path',
    hint: cause.hint ?? GIVE_CLIP,
  })
}
