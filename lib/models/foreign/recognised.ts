import { listed } from '../../base/count.js'
import { PREFIXES } from '../../formats/stateDict.js'

/** What weights of other makers are recognised by: the names of their tensors. */
export interface Recognised {
  /** For people: `a distilled DeiT`. */
  what: string
  /** Each of these is the name of some tensor of the file. */
  signs: readonly RegExp[]
  /** Why a mask generator cannot start from them, as a sentence. */
  because: string
  /** What to do. */
  hint: string
  /** A generator of some kind starts from such weights. */
  isGenerator?: true
}

const DEIT_HINT = 'Give the plain DeiT-S/16: deit_small_patch16_224-cd65a155.pth.'
export const RESNET_HINT =
  "Give torchvision's ResNet-50 (resnet50-0676ba61.pth) or ResNet-101, with generator.backbone 'resnet50' or 'resnet101'."
const CNN_HINT = "Give them to generator.kind 'cnn' with the backbone of these weights, or the weights of a DeiT."

/** Networks that are none of ours, and ours in the place of another; the first that fits counts. */
const NETWORKS: readonly Recognised[] = [
  {
    what: 'a SigLIP',
    signs: [/^logit_bias$/, /^(vision_model|visual)\./],
    because: 'A generator starts from a classifier.',
    hint: DEIT_HINT,
  },
  {
    what: 'a ResNet CLIP (RN50, RN101, RN50x4 and the like)',
    signs: [/^visual\.attnpool\./],
    because: 'A generator starts from a classifier, and the stages need a CLIP with a vision transformer.',
    hint: DEIT_HINT,
  },
  {
    what: 'a CLIP with the names of OpenAI',
    signs: [/^visual\.(conv1|transformer|layer1)/],
    because: 'A generator starts from a classifier.',
    hint: 'Give it as clip (--clip).',
  },
  {
    what: 'a CLIP with the names of Hugging Face',
    signs: [/^vision_model\.encoder\.layers\./],
    because: 'A generator starts from a classifier.',
    hint: 'Give it as clip (--clip).',
  },
  {
    what: 'a Swin transformer',
    signs: [/^layers\.\d+\.blocks\.\d+\.attn\.relative_position_bias_table$/],
    because: 'It has windows and no class token.',
    hint: DEIT_HINT,
  },
  {
    what: 'a BEiT',
    signs: [/^blocks\.\d+\.gamma_1$/],
    because: 'Its blocks scale every branch (gamma_1, gamma_2), and those of the generator do not.',
    hint: DEIT_HINT,
  },
  {
    what: 'a SegFormer (MiT)',
    signs: [/^block1\.\d+\.attn\.sr\.weight$|^patch_embed1\.proj\.weight$/],
    because: 'It is another network.',
    hint: DEIT_HINT,
  },
  {
    what: 'a ConvNeXt',
    signs: [/^(downsample_layers\.0|stages\.0\.(0|blocks\.0))\./],
    because: 'It is another network.',
    hint: DEIT_HINT,
  },
  {
    what: 'a network of IRN or PuzzleCAM (a ResNet under stage1 to stage4)',
    signs: [/^(model\.)?stage1\.\d+\./],
    because: 'It was trained to classify the classes of one data set, under names of its own.',
    hint: "Start from ImageNet: torchvision's ResNet-50 with generator.kind 'cnn'. Maps of such a network need no weights here: semples refine --cams DIR.",
  },
  {
    what: 'a ResNet-D, whose stem has three convolutions',
    signs: [/^conv1\.0\.weight$/],
    because: 'The generator has a stem of one convolution of 7 x 7.',
    hint: RESNET_HINT,
  },
  {
    what: 'an EfficientNet with the names of timm',
    signs: [/^conv_stem\.weight$/, /^blocks\.0\.0\.conv_dw\.weight$/],
    because:
      'Names and shapes do not tell which padding and which epsilon of the norms they were trained with (tf_efficientnet_lite0 and efficientnet_lite0 differ).',
    hint: 'Fetch the weights that the generator knows: npx semples weights fetch efficientnet-lite0.',
  },
  {
    what: 'a ResNet with the names of torchvision',
    signs: [/^layer4\.\d+\.conv1\.weight$/, /^conv1\.weight$/],
    isGenerator: true,
    because: 'The generator that is configured is another network.',
    hint: CNN_HINT,
  },
  {
    what: 'an EfficientNet with the names of efficientnet-lite-pytorch',
    signs: [/^_conv_stem\.weight$/],
    isGenerator: true,
    because: 'The generator that is configured is another network.',
    hint: CNN_HINT,
  },
  {
    what: 'a vision transformer (DeiT)',
    signs: [/^cls_token$/, /^blocks\.0\.attn\.qkv\.weight$/],
    isGenerator: true,
    because: 'The generator that is configured is another network.',
    hint: "Give it to generator.kind 'weaktr' (the default), or the weights of the backbone that is configured.",
  },
  {
    what: 'the state of an optimiser',
    signs: [/(^|\.)(exp_avg|exp_avg_sq|momentum_buffer)(\.|$)/],
    because: 'It belongs to a training and holds no weights of a network.',
    hint: 'Give the file of weights that was saved beside it: torch.save(model.state_dict(), "network.pth").',
  },
]

/** Tensors that change what a network computes, so that weights without them are of another network. */
const OF_INFLUENCE: readonly { name: RegExp; because: string }[] = [
  { name: /\.ls[12]\.gamma$|\.gamma_[12]$/, because: 'they scale every residual branch, mostly to a tenth or less' },
  { name: /^(register_tokens|reg_token|storage_tokens)$/, because: 'these tokens take part in the attention' },
  { name: /^(dist_token|prompt_tokens?)$/, because: 'these tokens take part in the attention' },
  { name: /relative_position_bias|rel_pos_[hw]$|\brope\b|freqs/, because: 'they place the patches' },
  { name: /\.attn\.[qk]_norm\./, because: 'they normalise queries and keys' },
  {
    name: /\.attn\.([qv]_bias|[qkv]_proj\.\w+)$/,
    because: 'queries, keys and values lie apart there, as in an EVA or BEiT',
  },
  { name: /\.(attn|mlp)\.(inner_attn_ln|ffn_ln|norm)\./, because: 'they normalise within a block' },
  { name: /\.mlp\.(w12|w3|w1|w2|fc1_[gx]|weights_in|weights_out)\./, because: 'its MLPs have gates (SwiGLU)' },
  { name: /^attn_pool\./, because: 'they gather the patches in the place of a class token' },
  { name: /^(norm_pre|pre_norm|ln_pre)\./, because: 'they normalise the tokens before the first block' },
  {
    name: /\.se\.\w+\.|\._se_\w+\./,
    because: 'they weigh the channels of a block (squeeze-and-excitation)',
  },
]

/** Tensors that a generator has no use for. */
const OF_NO_USE: readonly { name: RegExp; because: string }[] = [
  {
    name: /^(head|head_dist|heads|fc|_fc|classifier|cls_classifier|distillation_classifier|aux_classifier|aux_head)\./,
    because: 'a head for other classes',
  },
  { name: /^(fc_norm|pre_logits|pooler)\./, because: 'what comes before the head of a classifier' },
  { name: /(^|\.)num_batches_tracked$/, because: 'a counter of training' },
  { name: /^(mask_token|logit_scale|queue|queue_ptr)$/, because: 'what only pre-training used' },
  {
    name: /^(decoder|decoder_blocks|decoder_embed|decoder_norm|decoder_pred|decoder_pos_embed|projector|predictor|proj_head)(\.|$)/,
    because: 'what only pre-training used',
  },
  { name: /^prompts$/, because: 'learned prompts, which exportRun writes beside a generator' },
]

/** `the weights of a SigLIP`; what holds no weights is said as it is. */
export function weightsOf(what: string): string {
  return what.startsWith('the state') ? what : `the weights of ${what}`
}

/** Why a generator can do without the tensor of that name; undefined where that is not known. */
export function noUse(name: string): string | undefined {
  return OF_NO_USE.find(({ name: pattern }) => pattern.test(name))?.because
}

/** The network that a file is of by the names of its tensors; undefined for one that has all of its signs in the model. */
export function recognise(names: readonly string[], own: ReadonlySet<string>): Recognised | undefined {
  return NETWORKS.find(
    ({ signs }) =>
      signs.every((sign) => names.some((name) => sign.test(name))) &&
      !names.some((name) => own.has(name) && signs.some((sign) => sign.test(name))),
  )
}

/** The prefix that most of the names have, of those that have one. */
export function prefixesOf(names: readonly string[]): { prefix: string; count: number } | undefined {
  const counts = PREFIXES.map((prefix) => ({ prefix, count: names.filter((name) => name.startsWith(prefix)).length }))
  return counts.filter(({ count }) => count > 0).sort((one, other) => other.count - one.count)[0]
}

/** Tensors that the model does not have, by what is to be done about them. */
export interface Strangers {
  /** A sentence that names tensors without which the weights are of another network. */
  influence?: string
  /** The same of tensors that only extend modules of the model: of its blocks, or one block more. */
  within?: string
  /** Names of which nothing is known. */
  unknown: string[]
}

/**
 * Judges the tensors of a file that the model does not have. What lies in a module that it has changes what that module
 * computes; of a layer beyond its last one the network is deeper.
 *
 * @param names as the file has them
 * @param own names of the model
 * @param placeOf gives the name that a tensor would have in the model
 */
export function judgeStrangers(
  names: readonly string[],
  own: ReadonlySet<string>,
  placeOf: (name: string) => string = (name) => name,
): Strangers {
  const strangers = names.filter((name) => !own.has(placeOf(name)) && noUse(placeOf(name)) === undefined)
  const reasons = OF_INFLUENCE.flatMap(({ name: pattern, because }) => {
    const found = strangers.filter((name) => pattern.test(placeOf(name)))
    return found.length === 0 ? [] : [`${listed(found, 3)} (${because})`]
  })
  if (reasons.length > 0) return { influence: listed(reasons, 4, '; '), unknown: [] }
  const modules = new Set([...own].map(moduleOf))
  const within = strangers.filter((name) => modules.has(moduleOf(placeOf(name))))
  if (within.length > 0)
    return {
      within: `${listed(within, 3)} (the generator has such modules without them, or fewer layers)`,
      unknown: [],
    }
  return { unknown: strangers }
}

/** `blocks` of `blocks.0.norm1.weight`; a tensor by itself has no module. */
function moduleOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? name : name.slice(0, dot + 1)
}
