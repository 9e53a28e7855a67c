import { listed } from '../../base/count.js'
import type { WeightsReport } from '../weightsReport.js'
import { CLIP_NAMINGS, clipParameters, OF_NO_USE, OPENAI_INTEGERS, type Place } from './names.js'

/** Shapes by name, in the order of a file. */
export type Shapes = ReadonlyMap<string, readonly number[]>

/** How the tensors of a file become a CLIP with OpenAI's names. */
export interface ClipPlan {
  places: ReadonlyMap<string, Place>
  report: WeightsReport
  sizes: ClipSizes
  /** Whether the file holds the three integers of OpenAI's own dictionaries. */
  isOpenAis: boolean
}

export interface ClipSizes {
  visionWidth: number
  visionDepth: number
  patchSize: number
  imageSize: number
  textWidth: number
  textDepth: number
  contextLength: number
}

/** Why a file is no CLIP that can be used: sentences for people. */
export interface ClipRefusal {
  what: string
  because: string
  hint: string
}

const GIVE_PLAIN =
  "Give a plain CLIP with a vision transformer: OpenAI's ViT-B-32.pt, or the same from open_clip or Hugging Face."

interface OtherClip extends ClipRefusal {
  /** Each of these is the name of some tensor. */
  signs: readonly RegExp[]
  /** Names of modules by which a TorchScript archive is told. */
  modules?: readonly string[]
}

/** CLIPs that compute otherwise, by the names in them. */
export const OTHER_CLIPS: readonly OtherClip[] = [
  {
    modules: ['attnpool'],
    signs: [/^visual\.(attnpool|layer[1-4])\./],
    what: 'a ResNet CLIP (RN50, RN101, RN50x4 and the like)',
    because: 'The stages need a CLIP whose image tower is a vision transformer.',
    hint: GIVE_PLAIN,
  },
  {
    signs: [/^vision_model\.head\.(attention|probe)|^logit_bias$/, /^vision_model\.|^visual\.trunk\./],
    what: 'the weights of a SigLIP',
    because: 'It has another tokenizer than CLIP.',
    hint: GIVE_PLAIN,
  },
  {
    signs: [/^visual\.trunk\./],
    what: 'a CLIP of open_clip with an image tower of timm (visual.trunk)',
    because: "Its image tower is another network than CLIP's.",
    hint: GIVE_PLAIN,
  },
  {
    signs: [/^text\.transformer\.(embeddings|encoder)\./],
    what: 'a CLIP of open_clip with a text tower of Hugging Face (text.transformer.embeddings)',
    because: 'It has another tokenizer than CLIP.',
    hint: GIVE_PLAIN,
  },
  {
    signs: [/^text_decoder\.|^visual\.attn_pool\.|(^|\.)cls_emb$/],
    what: 'a CoCa',
    because: 'It pools its tokens otherwise than CLIP.',
    hint: GIVE_PLAIN,
  },
  {
    signs: [/^visual\.blocks\.\d+\./],
    what: 'an EVA-CLIP',
    because: "Its image tower has other blocks than CLIP's.",
    hint: GIVE_PLAIN,
  },
  {
    signs: [/^(text_encoder|vision_encoder|text_proj|vision_proj)\.|^visual_encoder\./],
    what: 'the weights of another model of pictures and texts (ALBEF, BLIP)',
    because: 'It has other towers than CLIP.',
    hint: GIVE_PLAIN,
  },
]

/**
 * Judges tensors by their names and shapes; undefined where nothing in them looks like a CLIP. Every name gets its place,
 * or a line in the report; one that would change what the CLIP computes is a refusal.
 */
export function planClip(shapes: Shapes): ClipPlan | ClipRefusal | undefined {
  const names = [...shapes.keys()]
  const other = OTHER_CLIPS.find(({ signs }) => signs.every((sign) => names.some((name) => sign.test(name))))
  if (other !== undefined) return other
  const naming = CLIP_NAMINGS.find(({ isOf }) => isOf(names))
  if (naming === undefined) return undefined
  const what = `a CLIP ${naming.what}`
  const places = new Map<string, Place>()
  const report: WeightsReport = {
    what,
    matched: [],
    renamed: [],
    interpolated: [],
    dropped: [],
    missing: [],
    unexpected: [],
  }
  for (const name of names) {
    const place = naming.placeOf(name)
    const useless = OF_NO_USE.find((each) => each.name.test(name))
    if (place !== undefined) {
      places.set(name, place)
      if (place.to === name) report.matched.push(name)
      else report.renamed.push({ from: name, to: place.to })
    } else if (useless !== undefined) report.dropped.push({ name, because: useless.because })
    else report.unexpected.push(name)
  }
  const targets = targetsOf(places)
  const visionDepth = depthOf(targets, 'visual.transformer.')
  const textDepth = depthOf(targets, 'transformer.')
  report.missing = clipParameters(visionDepth, textDepth).filter((name) => targets.get(name) !== 'whole')
  const refusal = twice(what, places) ?? refusalOf(what, report, visionDepth, textDepth)
  if (refusal !== undefined) return refusal
  return {
    places,
    report,
    sizes: { ...sizesOf(shapes, places), visionDepth, textDepth },
    isOpenAis: OPENAI_INTEGERS.every((name) => shapes.has(name)),
  }
}

export function isRefusal(plan: ClipPlan | ClipRefusal): plan is ClipRefusal {
  return 'because' in plan
}

/** Names of OpenAI that the file gives, whole or in part. */
function targetsOf(places: ReadonlyMap<string, Place>): Map<string, 'whole' | 'part'> {
  const thirds = new Map<string, Set<number>>()
  for (const { to, third } of places.values()) {
    const found = thirds.get(to) ?? new Set()
    thirds.set(to, found)
    for (const each of third === undefined ? [0, 1, 2] : [third]) found.add(each)
  }
  return new Map([...thirds].map(([name, found]) => [name, found.size === 3 ? 'whole' : 'part']))
}

/** One more than the last block that is named. */
function depthOf(targets: ReadonlyMap<string, unknown>, tower: string): number {
  const pattern = new RegExp(`^${tower.replaceAll('.', String.raw`\.`)}resblocks\\.(\\d+)\\.`)
  return [...targets.keys()].reduce((most, name) => Math.max(most, Number(pattern.exec(name)?.[1] ?? -1) + 1), 0)
}

/** Which of two tensors is meant that belong in the same place, nothing tells. */
function twice(what: string, places: ReadonlyMap<string, Place>): ClipRefusal | undefined {
  const found = new Map<string, string>()
  for (const [name, { to, third }] of places) {
    const place = `${to} ${third ?? ''}`
    const other = found.get(place)
    if (other !== undefined)
      return {
        what: `${what}, and it has a tensor twice`,
        because: `${other} and ${name} are the same tensor of a CLIP.`,
        hint: 'Save one of them: which one is meant cannot be told.',
      }
    found.set(place, name)
  }
  return undefined
}

function refusalOf(
  what: string,
  { missing, unexpected }: WeightsReport,
  visionDepth: number,
  textDepth: number,
): ClipRefusal | undefined {
  if (visionDepth === 0 || textDepth === 0) {
    const [half, other] = visionDepth === 0 ? ['text', 'image'] : ['image', 'text']
    return {
      what: `the ${half} tower of ${what}`,
      because: `There is no ${other} tower in the file.`,
      hint: GIVE_PLAIN,
    }
  }
  const within = unexpected.filter((name) =>
    /^(visual|text|transformer|vision_model|text_model)\.|^(ln_final|token_embedding)\./.test(name),
  )
  if (within.length > 0)
    return {
      what: `${what}, which does not compute what a plain CLIP computes`,
      because: `It has ${listed(within, 3)}, which would be lost.`,
      hint: GIVE_PLAIN,
    }
  if (missing.length > 0)
    return {
      what: `a part of ${what}`,
      because: `It lacks ${listed(missing, 3)}.`,
      hint: 'Save the whole model: torch.save(model.state_dict(), "clip.pth").',
    }
  return undefined
}

function sizesOf(shapes: Shapes, places: ReadonlyMap<string, Place>): Omit<ClipSizes, 'visionDepth' | 'textDepth'> {
  const shape = (target: string) => shapes.get([...places].find(([, { to }]) => to === target)![0])!
  const [visionWidth = 0, , , patchSize = 0] = shape('visual.conv1.weight')
  const [positions = 1] = shape('visual.positional_embedding')
  const [contextLength = 0, textWidth = 0] = shape('positional_embedding')
  const imageSize = patchSize * Math.round(Math.sqrt(Math.max(0, positions - 1)))
  return { visionWidth, patchSize, imageSize, textWidth, contextLength }
}
