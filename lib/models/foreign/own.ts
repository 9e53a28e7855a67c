import type { TransformerSizes } from './sizes.js'
import type { ModelTensor } from './types.js'

/** Blocks and stages of the convolutional backbones, as in resnet.cc and efficientnet_lite.cc. */
const RESNET_BLOCKS = { resnet50: [3, 4, 6, 3], resnet101: [3, 4, 23, 3] } as const
const LITE0 = { stem: 32, head: 1280 } as const
/** Blocks, kernel, expansion, channels. */
const LITE0_STAGES = [
  [1, 3, 1, 16],
  [2, 3, 6, 24],
  [2, 5, 6, 40],
  [3, 3, 6, 80],
  [3, 5, 6, 112],
  [4, 5, 6, 192],
  [1, 3, 6, 320],
] as const

export type Backbone = keyof typeof RESNET_BLOCKS | 'efficientnet-lite0'

const tensor = (name: string, shape: number[], head = false, buffer = false): ModelTensor => ({
  name,
  shape,
  head,
  buffer,
})

/** Names and shapes of a generator `weaktr`, without making it. */
export function weaktrTensors(
  { width, depth, patchSize, mlpRatio = 4, grid = 14, heads = 1 }: TransformerSizes,
  classes: number,
  { fusionReduction = 8, fusionFeatureReduction = 8 } = {},
): ModelTensor[] {
  const hidden = Math.round(width * mlpRatio)
  const linear = (name: string, out: number, ins: number) => [
    tensor(`${name}.weight`, [out, ins]),
    tensor(`${name}.bias`, [out]),
  ]
  const norm = (name: string) => [tensor(`${name}.weight`, [width]), tensor(`${name}.bias`, [width])]
  const blocks = Array.from({ length: depth }, (_, at) => [
    ...norm(`blocks.${at}.norm1`),
    ...linear(`blocks.${at}.attn.qkv`, 3 * width, width),
    ...linear(`blocks.${at}.attn.proj`, width, width),
    ...norm(`blocks.${at}.norm2`),
    ...linear(`blocks.${at}.mlp.fc1`, hidden, width),
    ...linear(`blocks.${at}.mlp.fc2`, width, hidden),
  ])
  const [maps, headWidth] = [heads * depth, width / heads]
  const between = Math.max(1, Math.floor(maps / fusionReduction))
  const features = Math.max(1, Math.floor(headWidth / fusionFeatureReduction))
  const fusion = (name: string, shape: number[]) => tensor(`adaptive_attention_fusion.${name}`, shape, true)
  return [
    tensor('cls_token', [1, classes, width]),
    tensor('pos_embed', [1, classes + grid * grid, width]),
    tensor('patch_embed.proj.weight', [width, 3, patchSize, patchSize]),
    tensor('patch_embed.proj.bias', [width]),
    ...blocks.flat(),
    ...norm('norm'),
    tensor('head.weight', [classes, width, 3, 3], true),
    tensor('head.bias', [classes], true),
    fusion('attn_head_ffn.0.weight', [between, maps]),
    fusion('attn_head_ffn.2.weight', [maps, between]),
    fusion('attn_feat_ffn.0.weight', [features, headWidth]),
    fusion('attn_feat_ffn.0.bias', [features]),
    fusion('attn_feat_ffn.1.weight', [1, features]),
    fusion('attn_feat_ffn.1.bias', [1]),
  ]
}

/** Names and shapes of a generator `cnn` with a linear head. */
export function cnnTensors(backbone: Backbone, width: number, classes: number): ModelTensor[] {
  const { layers, channels } =
    backbone === 'efficientnet-lite0' ? liteLayers(width) : resnetLayers(RESNET_BLOCKS[backbone], width)
  return [
    ...layers.flatMap(({ convolution, norm, shape }) => [
      tensor(`${convolution}.weight`, shape),
      tensor(`${norm}.weight`, [shape[0]!]),
      tensor(`${norm}.bias`, [shape[0]!]),
    ]),
    tensor('classifier.weight', [classes, channels, 1, 1], true),
    ...layers.flatMap(({ norm, shape }) => [
      tensor(`${norm}.running_mean`, [shape[0]!], false, true),
      tensor(`${norm}.running_var`, [shape[0]!], false, true),
    ]),
  ]
}

interface Layer {
  convolution: string
  norm: string
  shape: number[]
}

function resnetLayers(blocks: readonly number[], share: number): { layers: Layer[]; channels: number } {
  let width = Math.max(1, Math.round(64 * share))
  let ins = width
  const layers: Layer[] = [{ convolution: 'conv1', norm: 'bn1', shape: [width, 3, 7, 7] }]
  for (const [stage, count] of blocks.entries()) {
    for (let at = 0; at < count; at++) {
      const name = `layer${stage + 1}.${at}`
      const convolutions: [string, string, number[]][] = [
        ['conv1', 'bn1', [width, ins, 1, 1]],
        ['conv2', 'bn2', [width, width, 3, 3]],
        ['conv3', 'bn3', [4 * width, width, 1, 1]],
      ]
      if (at === 0) convolutions.push(['downsample.0', 'downsample.1', [4 * width, ins, 1, 1]])
      for (const [convolution, norm, shape] of convolutions)
        layers.push({ convolution: `${name}.${convolution}`, norm: `${name}.${norm}`, shape })
      ins = 4 * width
    }
    width *= 2
  }
  return { layers, channels: ins }
}

/** Channels for another width: multiples of 8, never 10 % less than asked for. */
function liteChannels(channels: number, width: number): number {
  const wanted = channels * width
  const rounded = Math.max(8, Math.floor(Math.floor(wanted + 4) / 8) * 8)
  return rounded < 0.9 * wanted ? rounded + 8 : rounded
}

function liteLayers(width: number): { layers: Layer[]; channels: number } {
  let ins = liteChannels(LITE0.stem, width)
  const layers: Layer[] = [{ convolution: '_conv_stem', norm: '_bn0', shape: [ins, 3, 3, 3] }]
  let block = 0
  for (const [count, kernel, expansion, out] of LITE0_STAGES) {
    const channels = liteChannels(out, width)
    for (let at = 0; at < count; at++, block++) {
      const inner = ins * expansion
      const add = (convolution: string, norm: string, shape: number[]) =>
        layers.push({ convolution: `_blocks.${block}.${convolution}`, norm: `_blocks.${block}.${norm}`, shape })
      if (expansion !== 1) add('_expand_conv', '_bn0', [inner, ins, 1, 1])
      add('_depthwise_conv', '_bn1', [inner, 1, kernel, kernel])
      add('_project_conv', '_bn2', [channels, inner, 1, 1])
      ins = channels
    }
  }
  const head = liteChannels(LITE0.head, width)
  layers.push({ convolution: '_conv_head', norm: '_bn1', shape: [head, ins, 1, 1] })
  return { layers, channels: head }
}
