/** Where a tensor goes by the names of DeiT, which are those of a mask generator. */
export interface Place {
  to: string
  /** Which of the parts that lie one below the other there: queries 0, keys 1, values 2. */
  part?: number
}

/** How one publisher names the tensors of a vision transformer. */
interface Form {
  /** For people: `Hugging Face`. */
  of: string
  /** The name of some tensor of the file. */
  sign: RegExp
  /** Names, of which `$1` is the number of the block; the first that fits counts. */
  places: readonly (readonly [RegExp, string, number?])[]
}

const huggingFace = (name: string) => new RegExp(`^(?:vit\\.|deit\\.|dinov2\\.)?${name}$`)
const block = (name: string) => huggingFace(`encoder\\.layer\\.(\\d+)\\.${name}`)

const FORMS: readonly Form[] = [
  {
    of: 'Hugging Face',
    sign: /(^|\.)encoder\.layer\.\d+\.attention\.attention\.query\.weight$/,
    places: [
      [huggingFace('embeddings\\.cls_token'), 'cls_token'],
      [huggingFace('embeddings\\.distillation_token'), 'dist_token'],
      [huggingFace('embeddings\\.mask_token'), 'mask_token'],
      [huggingFace('embeddings\\.register_tokens'), 'register_tokens'],
      [huggingFace('embeddings\\.position_embeddings'), 'pos_embed'],
      [huggingFace('embeddings\\.patch_embeddings\\.projection\\.(weight|bias)'), 'patch_embed.proj.$1'],
      [block('attention\\.attention\\.query\\.(weight|bias)'), 'blocks.$1.attn.qkv.$2', 0],
      [block('attention\\.attention\\.key\\.(weight|bias)'), 'blocks.$1.attn.qkv.$2', 1],
      [block('attention\\.attention\\.value\\.(weight|bias)'), 'blocks.$1.attn.qkv.$2', 2],
      [block('attention\\.output\\.dense\\.(weight|bias)'), 'blocks.$1.attn.proj.$2'],
      [block('(?:layernorm_before|norm1)\\.(weight|bias)'), 'blocks.$1.norm1.$2'],
      [block('(?:layernorm_after|norm2)\\.(weight|bias)'), 'blocks.$1.norm2.$2'],
      [block('(?:intermediate\\.dense|mlp\\.fc1)\\.(weight|bias)'), 'blocks.$1.mlp.fc1.$2'],
      [block('(?:output\\.dense|mlp\\.fc2)\\.(weight|bias)'), 'blocks.$1.mlp.fc2.$2'],
      [block('layer_scale([12])\\.lambda1'), 'blocks.$1.ls$2.gamma'],
      [block('(.+)'), 'blocks.$1.$2'],
      [huggingFace('layernorm\\.(weight|bias)'), 'norm.$1'],
      [huggingFace('pooler\\.dense\\.(weight|bias)'), 'pooler.dense.$1'],
    ],
  },
  {
    of: 'torchvision',
    sign: /^encoder\.layers\.encoder_layer_\d+\./,
    places: [
      [/^class_token$/, 'cls_token'],
      [/^encoder\.pos_embedding$/, 'pos_embed'],
      [/^conv_proj\.(weight|bias)$/, 'patch_embed.proj.$1'],
      [/^encoder\.layers\.encoder_layer_(\d+)\.self_attention\.in_proj_(weight|bias)$/, 'blocks.$1.attn.qkv.$2'],
      [/^encoder\.layers\.encoder_layer_(\d+)\.self_attention\.out_proj\.(weight|bias)$/, 'blocks.$1.attn.proj.$2'],
      [/^encoder\.layers\.encoder_layer_(\d+)\.ln_([12])\.(weight|bias)$/, 'blocks.$1.norm$2.$3'],
      [/^encoder\.layers\.encoder_layer_(\d+)\.mlp\.(?:0|linear_1)\.(weight|bias)$/, 'blocks.$1.mlp.fc1.$2'],
      [/^encoder\.layers\.encoder_layer_(\d+)\.mlp\.(?:3|linear_2)\.(weight|bias)$/, 'blocks.$1.mlp.fc2.$2'],
      [/^encoder\.layers\.encoder_layer_(\d+)\.(.+)$/, 'blocks.$1.$2'],
      [/^encoder\.ln\.(weight|bias)$/, 'norm.$1'],
    ],
  },
]

/** Whose names a file has, where they are not those of DeiT, and where each tensor goes. A name without a place stays. */
export function placesOf(names: readonly string[]): { of?: string; placeOf: (name: string) => Place } {
  const form = FORMS.find(({ sign }) => names.some((name) => sign.test(name)))
  if (form === undefined) return { placeOf: (name) => ({ to: name }) }
  return {
    of: form.of,
    placeOf: (name) => {
      for (const [pattern, to, part] of form.places)
        if (pattern.test(name)) return { to: name.replace(pattern, to), ...(part === undefined ? {} : { part }) }
      return { to: name }
    },
  }
}
