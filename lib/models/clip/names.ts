/** Where a tensor of a file belongs in a CLIP with OpenAI's names. */
export interface Place {
  to: string
  /** Queries, keys and values lie one upon the other in OpenAI's weights: which third of it this is. */
  third?: 0 | 1 | 2
  /** OpenAI multiplies from the other side. */
  transposed?: boolean
}

/** One way to name the tensors of a CLIP. */
export interface ClipNaming {
  /** For people, behind "a CLIP": `with the names of Hugging Face`. */
  what: string
  isOf(names: readonly string[]): boolean
  placeOf(name: string): Place | undefined
}

/** Of a block. Four digits at most: a file that names block 99,999,999 must not be taken for so deep a network. */
const NUMBER = String.raw`\d{1,4}`
const BLOCK = String.raw`resblocks\.${NUMBER}\.(?:attn\.in_proj_(?:weight|bias)|(?:attn\.out_proj|ln_[12]|mlp\.c_fc|mlp\.c_proj)\.(?:weight|bias))`
const OPENAI = new RegExp(
  String.raw`^(?:visual\.(?:conv1\.weight|class_embedding|positional_embedding|proj|ln_(?:pre|post)\.(?:weight|bias)|transformer\.${BLOCK})` +
    String.raw`|transformer\.${BLOCK}|token_embedding\.weight|positional_embedding|text_projection|ln_final\.(?:weight|bias))$`,
)

function openAiPlace(name: string): Place | undefined {
  return OPENAI.test(name) ? { to: name } : undefined
}

/** Outside the layers. `pre_layrnorm` is spelt like this in the weights. */
const HUGGING_FACE = byName({
  'vision_model.embeddings.class_embedding': 'visual.class_embedding',
  'vision_model.embeddings.patch_embedding.weight': 'visual.conv1.weight',
  'vision_model.embeddings.position_embedding.weight': 'visual.positional_embedding',
  'vision_model.pre_layrnorm.weight': 'visual.ln_pre.weight',
  'vision_model.pre_layrnorm.bias': 'visual.ln_pre.bias',
  'vision_model.post_layernorm.weight': 'visual.ln_post.weight',
  'vision_model.post_layernorm.bias': 'visual.ln_post.bias',
  'text_model.embeddings.token_embedding.weight': 'token_embedding.weight',
  'text_model.embeddings.position_embedding.weight': 'positional_embedding',
  'text_model.final_layer_norm.weight': 'ln_final.weight',
  'text_model.final_layer_norm.bias': 'ln_final.bias',
})
const PROJECTIONS = byName({
  'visual_projection.weight': 'visual.proj',
  'text_projection.weight': 'text_projection',
})
const LAYER = new RegExp(String.raw`^(vision|text)_model\.encoder\.layers\.(${NUMBER})\.(.+)\.(weight|bias)$`)
const LAYER_PARTS = byName({
  layer_norm1: 'ln_1',
  layer_norm2: 'ln_2',
  'mlp.fc1': 'mlp.c_fc',
  'mlp.fc2': 'mlp.c_proj',
  'self_attn.out_proj': 'attn.out_proj',
})
const THIRDS = byName<0 | 1 | 2>({
  'self_attn.q_proj': 0,
  'self_attn.k_proj': 1,
  'self_attn.v_proj': 2,
})

/** A table that has no other names: a file may call a tensor `constructor`. */
function byName<T = string>(table: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(table))
}

function huggingFacePlace(name: string): Place | undefined {
  const to = HUGGING_FACE.get(name)
  if (to !== undefined) return { to }
  const projection = PROJECTIONS.get(name)
  if (projection !== undefined) return { to: projection, transposed: true }
  const [, tower, layer, part, kind] = LAYER.exec(name) ?? []
  if (tower === undefined) return undefined
  const block = `${tower === 'vision' ? 'visual.' : ''}transformer.resblocks.${layer}`
  const third = THIRDS.get(part!)
  if (third !== undefined) return { to: `${block}.attn.in_proj_${kind}`, third }
  const own = LAYER_PARTS.get(part!)
  return own === undefined ? undefined : { to: `${block}.${own}.${kind}` }
}

/** open_clip puts the text tower of some models behind `text.`. */
const TEXT_TOWER = 'text.'

/** The first that a file is of counts. */
export const CLIP_NAMINGS: readonly ClipNaming[] = [
  {
    what: 'with the names of Hugging Face',
    isOf: (names) => names.some((name) => /^(vision|text)_model\.encoder\.layers\./.test(name)),
    placeOf: huggingFacePlace,
  },
  {
    what: 'with the names of open_clip',
    isOf: (names) => names.some((name) => name.startsWith(`${TEXT_TOWER}transformer.resblocks.`)),
    placeOf: (name) => openAiPlace(name.startsWith(TEXT_TOWER) ? name.slice(TEXT_TOWER.length) : name),
  },
  {
    what: 'with the names of OpenAI',
    isOf: (names) => names.some((name) => /^(visual\.)?transformer\.resblocks\.\d+\./.test(name)),
    placeOf: openAiPlace,
  },
]

/** Tensors that encode neither pictures nor texts, with the reason. */
export const OF_NO_USE: readonly { name: RegExp; because: string }[] = [
  { name: /^(input_resolution|context_length|vocab_size)$/, because: 'a size, which shapes tell too' },
  { name: /(^|\.)(attn_mask|position_ids)$/, because: 'computed anew' },
  { name: /^logit_scale$/, because: 'the losses take cosines as they are' },
]

/** Sizes that OpenAI's own dictionaries hold, and no others. */
export const OPENAI_INTEGERS: readonly string[] = ['input_resolution', 'context_length', 'vocab_size']

/** What a CLIP of so many blocks consists of, with OpenAI's names. */
export function clipParameters(visionBlocks: number, textBlocks: number): string[] {
  const pair = (name: string) => [`${name}.weight`, `${name}.bias`]
  const blocks = (tower: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${tower}resblocks.${index}.`).flatMap((block) => [
      `${block}attn.in_proj_weight`,
      `${block}attn.in_proj_bias`,
      ...['attn.out_proj', 'ln_1', 'ln_2', 'mlp.c_fc', 'mlp.c_proj'].flatMap((part) => pair(`${block}${part}`)),
    ])
  return [
    'visual.conv1.weight',
    'visual.class_embedding',
    'visual.positional_embedding',
    ...pair('visual.ln_pre'),
    ...blocks('visual.transformer.', visionBlocks),
    ...pair('visual.ln_post'),
    'visual.proj',
    'token_embedding.weight',
    'positional_embedding',
    ...blocks('transformer.', textBlocks),
    ...pair('ln_final'),
    'text_projection',
  ]
}
