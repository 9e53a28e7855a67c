import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import type { PickleValue } from '../../formats/pickle/values.js'
import { attributesOf } from '../../formats/weightShapes.js'
import type { ClipSizes } from './plan.js'

/** Between the two layers of a block's MLP: x·sigmoid(1.702x), or the exact GELU. */
export type ClipActivation = 'quick_gelu' | 'gelu'

export interface ChosenActivation {
  value: ClipActivation
  /** Where it was read: `clip.json beside it says hidden_act: gelu`. */
  because: string
}

/** What a config beside the weights tells of them. */
export interface ClipConfigBeside {
  file: string
  activation?: ChosenActivation
  visionHeads?: number
  textHeads?: number
}

/** What the code of an archive computes; undefined where it holds both activations, or none. */
export function activationOfCode(texts: readonly string[]): ChosenActivation | undefined {
  const quick = texts.some((text) => /\bsigmoid\(/.test(text))
  const exact = texts.some((text) => /\bgelu\(/.test(text))
  if (quick === exact) return undefined
  return quick
    ? { value: 'quick_gelu', because: "the archive's code computes x * sigmoid(1.702 x)" }
    : { value: 'gelu', because: "the archive's code computes the exact GELU" }
}

/** Of programs that hold both activations, as scripts/clip/export.py writes them: their blocks say which they take. */
export function activationOfModules(program: PickleValue): ChosenActivation | undefined {
  for (const [name, value] of attributesOf(program))
    if (/(^|\.)quick$/.test(name) && typeof value === 'boolean')
      return { value: value ? 'quick_gelu' : 'gelu', because: `${name} is ${value ? 'True' : 'False'} in it` }
  return undefined
}

/** The activation of OpenAI's own dictionaries, which hold three integers that no others do. */
export const OPENAI_ACTIVATION: ChosenActivation = {
  value: 'quick_gelu',
  because: "the file holds input_resolution, context_length and vocab_size, as OpenAI's own do",
}

/** @throws SemplesError `SEMPLES_CLIP_ACTIVATION`: nothing tells which it is */
export function activationUnknown(file: string): SemplesError {
  return new SemplesError('SEMPLES_CLIP_ACTIVATION', {
    message: `Nothing in ${file} or beside it says which activation this CLIP was trained with.`,
    file,
    field: 'clip.activation',
    expected: 'quick_gelu or gelu',
    hint: `Put the config of the weights beside them (config.json or open_clip_config.json), or set clip.activation (--set clip.activation=gelu). OpenAI and MetaCLIP trained with quick_gelu, and so was LAION-400M's ViT-B/32; the models of LAION-2B and DataComp have gelu. With the wrong one a CLIP still runs, and recognises less.`,
  })
}

type Json = Record<string, unknown>

/**
 * The config beside weights, if there is one of a CLIP: `<name>.json`, `config.json` (Hugging Face),
 * `open_clip_config.json`, or in the form of scripts/clip.
 *
 * @throws SemplesError `SEMPLES_CLIP_INVALID` where it is of a CLIP of other sizes
 */
export async function configBeside(file: string, sizes: ClipSizes): Promise<ClipConfigBeside | undefined> {
  const stem = basename(file, extname(file))
  for (const name of [`${stem}.json`, 'config.json', 'open_clip_config.json']) {
    const path = join(dirname(file), name)
    const json = existsSync(path) ? await readJson(path) : undefined
    const found = json && readConfig(json, name)
    if (found === undefined) continue
    if (found.width !== undefined && found.width !== sizes.visionWidth) {
      throw new SemplesError('SEMPLES_CLIP_INVALID', {
        message: `${path} is of another CLIP than ${basename(file)} beside it: its image tower is ${found.width} wide, that of the weights ${sizes.visionWidth}.`,
        file: path,
        hint: 'Move it away, or put the config of these weights there.',
      })
    }
    const { width: _, ...beside } = found
    return { file: path, ...beside }
  }
  return undefined
}

async function readJson(path: string): Promise<Json | undefined> {
  try {
    return objectOf(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // Another program's file, not ours to judge.
    return undefined
  }
}

type Found = Omit<ClipConfigBeside, 'file'> & { width?: number }

function readConfig(json: Json, name: string): Found | undefined {
  const config = objectOf(json.model_cfg) ?? json
  if (objectOf(config.vision_cfg) !== undefined) return openClipConfig(config, name)
  if (objectOf(config.vision_config) !== undefined) return huggingFaceConfig(config, name)
  return ownConfig(config, name)
}

/** open_clip computes GELU unless its config says `quick_gelu`. */
function openClipConfig(config: Json, name: string): Found {
  const vision = objectOf(config.vision_cfg)!
  const width = whole(vision.width)
  const quick = config.quick_gelu === true
  return {
    width,
    activation: {
      value: quick ? 'quick_gelu' : 'gelu',
      because: `${name} beside it ${quick ? 'says quick_gelu' : 'does not say quick_gelu, and open_clip computes gelu then'}`,
    },
    visionHeads: width === undefined ? undefined : Math.floor(width / (whole(vision.head_width) ?? 64)),
    textHeads: whole(objectOf(config.text_cfg)?.heads),
  }
}

/** What equals the defaults of their ViT-B/32 is left out of their files. */
function huggingFaceConfig(config: Json, name: string): Found | undefined {
  if (config.model_type !== undefined && config.model_type !== 'clip') return undefined
  const vision = objectOf(config.vision_config)!
  const text = objectOf(config.text_config) ?? {}
  const stated = vision.hidden_act ?? text.hidden_act
  const value = stated === undefined ? 'quick_gelu' : activationNamed(stated)
  const because =
    stated === undefined
      ? `${name} beside it leaves hidden_act out, whose default is quick_gelu`
      : `${name} beside it says hidden_act: ${String(stated)}`
  return {
    width: whole(vision.hidden_size),
    activation: value && { value, because },
    visionHeads: whole(vision.num_attention_heads) ?? 12,
    textHeads: whole(text.num_attention_heads) ?? 8,
  }
}

/** The fields of `ClipConfig` in scripts/clip/model.py. */
function ownConfig(config: Json, name: string): Found | undefined {
  const width = whole(config.vision_width)
  if (width === undefined) return undefined
  const value = config.activation === undefined ? 'quick_gelu' : activationNamed(config.activation)
  return {
    width,
    activation: value && {
      value,
      because: `${name} beside it ${config.activation === undefined ? 'leaves activation out, whose default is quick_gelu' : `says activation: ${value}`}`,
    },
    visionHeads: whole(config.vision_heads),
    textHeads: whole(config.transformer_heads),
  }
}

function activationNamed(name: unknown): ClipActivation | undefined {
  return name === 'quick_gelu' || name === 'gelu' ? name : undefined
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined
}
