import type { TensorData, TensorMap } from '../../../lib/base/tensor.js'

/** Sizes of a CLIP: those of a published one, with few blocks and narrow. */
export interface ClipSizes {
  patch: number
  imageSize: number
  width?: number
  textWidth?: number
  features?: number
  blocks?: number
  vocabulary?: number
  context?: number
}

export function zeros(...shape: number[]): TensorData {
  return { dtype: 'float32', shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) }
}

/** Every tensor of OpenAI's weights, in the order of their files, all zeros. */
export function openAiTensors({
  patch,
  imageSize,
  width = 8,
  textWidth = 8,
  features = 4,
  blocks = 2,
  vocabulary = 10,
  context = 77,
}: ClipSizes): TensorMap {
  const norm = (name: string, size: number): TensorMap => ({
    [`${name}.weight`]: zeros(size),
    [`${name}.bias`]: zeros(size),
  })
  const tower = (prefix: string, size: number): TensorMap =>
    Object.assign(
      {},
      ...Array.from({ length: blocks }, (_, index) => {
        const block = `${prefix}transformer.resblocks.${index}.`
        return {
          [`${block}attn.in_proj_weight`]: zeros(3 * size, size),
          [`${block}attn.in_proj_bias`]: zeros(3 * size),
          [`${block}attn.out_proj.weight`]: zeros(size, size),
          [`${block}attn.out_proj.bias`]: zeros(size),
          ...norm(`${block}ln_1`, size),
          [`${block}mlp.c_fc.weight`]: zeros(4 * size, size),
          [`${block}mlp.c_fc.bias`]: zeros(4 * size),
          [`${block}mlp.c_proj.weight`]: zeros(size, 4 * size),
          [`${block}mlp.c_proj.bias`]: zeros(size),
          ...norm(`${block}ln_2`, size),
        }
      }),
    )
  return {
    positional_embedding: zeros(context, textWidth),
    text_projection: zeros(textWidth, features),
    logit_scale: zeros(),
    'visual.class_embedding': zeros(width),
    'visual.positional_embedding': zeros((imageSize / patch) ** 2 + 1, width),
    'visual.proj': zeros(width, features),
    'visual.conv1.weight': zeros(width, 3, patch, patch),
    ...norm('visual.ln_pre', width),
    ...tower('visual.', width),
    ...norm('visual.ln_post', width),
    ...tower('', textWidth),
    'token_embedding.weight': zeros(vocabulary, textWidth),
    ...norm('ln_final', textWidth),
  }
}

/** The three integers that OpenAI's own dictionaries hold. */
export function openAiIntegers({ imageSize, vocabulary = 10, context = 77 }: ClipSizes): TensorMap {
  const integer = (value: number): TensorData => ({
    dtype: 'int64',
    shape: [],
    data: BigInt64Array.of(BigInt(value)),
  })
  return {
    input_resolution: integer(imageSize),
    context_length: integer(context),
    vocab_size: integer(vocabulary),
  }
}

/** Shapes by name, as a plan takes them. */
export function shapesOf(tensors: TensorMap): Map<string, number[]> {
  return new Map(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))
}
