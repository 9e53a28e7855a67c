/**
 * Names and shapes of published files, as their publishers wrote them: few blocks and narrow where sizes do not matter.
 * Values are in none of them.
 */
export type Shapes = Record<string, number[]>

export interface Sizes {
  width: number
  depth: number
  patch: number
  side: number
  /** Tokens besides patches that have positions. */
  tokens?: number
}

const pair = (name: string, shape: number[]): Shapes => ({ [`${name}.weight`]: shape, [`${name}.bias`]: [shape[0]!] })
const all = (...parts: Shapes[]): Shapes => Object.assign({}, ...parts)
const range = (count: number) => [...Array(count).keys()]

/** What DeiT, timm, DINO and MAE all have. */
export function vit({ width: d, depth, patch, side, tokens = 1 }: Sizes): Shapes {
  return all(
    { cls_token: [1, 1, d], pos_embed: [1, tokens + side * side, d] },
    pair('patch_embed.proj', [d, 3, patch, patch]),
    ...range(depth).map((at) =>
      all(
        pair(`blocks.${at}.norm1`, [d]),
        pair(`blocks.${at}.attn.qkv`, [3 * d, d]),
        pair(`blocks.${at}.attn.proj`, [d, d]),
        pair(`blocks.${at}.norm2`, [d]),
        pair(`blocks.${at}.mlp.fc1`, [4 * d, d]),
        pair(`blocks.${at}.mlp.fc2`, [d, 4 * d]),
      ),
    ),
    pair('norm', [d]),
  )
}

export const deit = (sizes: Sizes): Shapes => all(vit(sizes), pair('head', [1000, sizes.width]))

export const distilled = (sizes: Sizes): Shapes =>
  all(
    vit({ ...sizes, tokens: 2 }),
    { dist_token: [1, 1, sizes.width] },
    pair('head', [1000, sizes.width]),
    pair('head_dist', [1000, sizes.width]),
  )

export const dinov2 = (sizes: Sizes, registers = 0): Shapes =>
  all(
    vit(sizes),
    { mask_token: [1, sizes.width] },
    registers === 0 ? {} : { register_tokens: [1, registers, sizes.width] },
    ...range(sizes.depth).map((at) => ({
      [`blocks.${at}.ls1.gamma`]: [sizes.width],
      [`blocks.${at}.ls2.gamma`]: [sizes.width],
    })),
  )

export const mae = (sizes: Sizes): Shapes =>
  all(
    vit(sizes),
    { mask_token: [1, 1, 512], decoder_pos_embed: [1, 1 + sizes.side ** 2, 512] },
    pair('decoder_embed', [512, sizes.width]),
    pair('decoder_blocks.0.norm1', [512]),
    pair('decoder_blocks.0.attn.qkv', [1536, 512]),
    pair('decoder_norm', [512]),
    pair('decoder_pred', [sizes.patch ** 2 * 3, 512]),
  )

export function huggingFace({ width: d, depth, patch, side, tokens = 1 }: Sizes, prefix = 'vit.'): Shapes {
  return all(
    {
      [`${prefix}embeddings.cls_token`]: [1, 1, d],
      [`${prefix}embeddings.position_embeddings`]: [1, tokens + side * side, d],
    },
    tokens === 2 ? { [`${prefix}embeddings.distillation_token`]: [1, 1, d] } : {},
    pair(`${prefix}embeddings.patch_embeddings.projection`, [d, 3, patch, patch]),
    ...range(depth).map((at) => {
      const layer = `${prefix}encoder.layer.${at}`
      return all(
        ...['query', 'key', 'value'].map((part) => pair(`${layer}.attention.attention.${part}`, [d, d])),
        pair(`${layer}.attention.output.dense`, [d, d]),
        pair(`${layer}.intermediate.dense`, [4 * d, d]),
        pair(`${layer}.output.dense`, [d, 4 * d]),
        pair(`${layer}.layernorm_before`, [d]),
        pair(`${layer}.layernorm_after`, [d]),
      )
    }),
    pair(`${prefix}layernorm`, [d]),
    prefix === '' ? pair('pooler.dense', [d, d]) : pair(tokens === 2 ? 'cls_classifier' : 'classifier', [1000, d]),
    tokens === 2 ? pair('distillation_classifier', [1000, d]) : {},
  )
}

export function torchvision({ width: d, depth, patch, side }: Sizes, old = false): Shapes {
  return all(
    { class_token: [1, 1, d], 'encoder.pos_embedding': [1, 1 + side * side, d] },
    pair('conv_proj', [d, 3, patch, patch]),
    ...range(depth).map((at) => {
      const layer = `encoder.layers.encoder_layer_${at}`
      return all(
        pair(`${layer}.ln_1`, [d]),
        { [`${layer}.self_attention.in_proj_weight`]: [3 * d, d], [`${layer}.self_attention.in_proj_bias`]: [3 * d] },
        pair(`${layer}.self_attention.out_proj`, [d, d]),
        pair(`${layer}.ln_2`, [d]),
        pair(`${layer}.mlp.${old ? 'linear_1' : '0'}`, [4 * d, d]),
        pair(`${layer}.mlp.${old ? 'linear_2' : '3'}`, [d, 4 * d]),
      )
    }),
    pair('encoder.ln', [d]),
    pair('heads.head', [1000, d]),
  )
}

/** A mask generator as WeakTr keeps it, for so many classes. */
export const weaktr = (sizes: Sizes, classes: number, heads: number): Shapes =>
  all(vit({ ...sizes, tokens: classes }), {
    cls_token: [1, classes, sizes.width],
    'head.weight': [classes, sizes.width, 3, 3],
    'head.bias': [classes],
    'adaptive_attention_fusion.attn_head_ffn.0.weight': [Math.floor((heads * sizes.depth) / 8), heads * sizes.depth],
    'adaptive_attention_fusion.attn_head_ffn.2.weight': [heads * sizes.depth, Math.floor((heads * sizes.depth) / 8)],
    'adaptive_attention_fusion.attn_feat_ffn.0.weight': [sizes.width / heads / 8, sizes.width / heads],
    'adaptive_attention_fusion.attn_feat_ffn.0.bias': [sizes.width / heads / 8],
    'adaptive_attention_fusion.attn_feat_ffn.1.weight': [1, sizes.width / heads / 8],
    'adaptive_attention_fusion.attn_feat_ffn.1.bias': [1],
  })

/** A convolution and its batch norm; torchvision keeps a counter besides. */
const convolution = (name: string, norm: string, shape: number[]): Shapes =>
  all({ [`${name}.weight`]: shape }, pair(norm, [shape[0]!]), {
    [`${norm}.running_mean`]: [shape[0]!],
    [`${norm}.running_var`]: [shape[0]!],
    [`${norm}.num_batches_tracked`]: [],
  })

/** torchvision's ResNets; `base` is the width of the 3 x 3 convolutions, of 64, and `groups` those of a ResNeXt. */
export function resnet(
  blocks: readonly number[],
  { basic = false, stem = 64, base = 1, groups = 1, fc = true } = {},
): Shapes {
  let ins = stem
  const parts: Shapes[] = [convolution('conv1', 'bn1', [stem, 3, 7, 7])]
  for (const [stage, count] of blocks.entries())
    for (let at = 0; at < count; at++) {
      const name = `layer${stage + 1}.${at}`
      const planes = stem * 2 ** stage
      const [width, out] = [planes * base, basic ? planes : 4 * planes]
      if (basic) {
        parts.push(convolution(`${name}.conv1`, `${name}.bn1`, [planes, ins, 3, 3]))
        parts.push(convolution(`${name}.conv2`, `${name}.bn2`, [planes, planes, 3, 3]))
      } else {
        parts.push(convolution(`${name}.conv1`, `${name}.bn1`, [width, ins, 1, 1]))
        parts.push(convolution(`${name}.conv2`, `${name}.bn2`, [width, width / groups, 3, 3]))
        parts.push(convolution(`${name}.conv3`, `${name}.bn3`, [out, width, 1, 1]))
      }
      if (at === 0 && ins !== out)
        parts.push(convolution(`${name}.downsample.0`, `${name}.downsample.1`, [out, ins, 1, 1]))
      ins = out
    }
  return all(...parts, fc ? pair('fc', [1000, ins]) : {})
}

/** EfficientNets with the names of efficientnet-lite-pytorch: repeats, kernel, expansion, channels of each stage. */
export function efficientnet({ fc = true, se = false, more = 0 } = {}): Shapes {
  const stages = [
    [1, 3, 1, 16],
    [2, 3, 6, 24],
    [2, 5, 6, 40],
    [3, 3, 6, 80],
    [3 + more, 5, 6, 112],
    [4, 5, 6, 192],
    [1, 3, 6, 320],
  ] as const
  const parts: Shapes[] = [convolution('_conv_stem', '_bn0', [32, 3, 3, 3])]
  let [ins, block] = [32, 0]
  for (const [repeats, kernel, expansion, out] of stages)
    for (let at = 0; at < repeats; at++, block++, ins = out) {
      const name = `_blocks.${block}`
      const inner = ins * expansion
      if (expansion > 1) parts.push(convolution(`${name}._expand_conv`, `${name}._bn0`, [inner, ins, 1, 1]))
      parts.push(convolution(`${name}._depthwise_conv`, `${name}._bn1`, [inner, 1, kernel, kernel]))
      if (se) parts.push(pair(`${name}._se_reduce`, [8, inner, 1, 1]), pair(`${name}._se_expand`, [inner, 8, 1, 1]))
      parts.push(convolution(`${name}._project_conv`, `${name}._bn2`, [out, inner, 1, 1]))
    }
  return all(...parts, convolution('_conv_head', '_bn1', [1280, 320, 1, 1]), fc ? pair('_fc', [1000, 1280]) : {})
}

/** As a reader gives them. */
export function tensorsOf(shapes: Shapes, dtype = 'float32'): Map<string, { shape: number[]; dtype: string }> {
  return new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype }]))
}
