import { elementCount } from '../../formats/dtypes.js'

/** Shapes by the names that a mask generator has. */
export type Shapes = ReadonlyMap<string, readonly number[]>

/** What the shapes of a vision transformer tell; a size that they do not tell is absent. */
export interface TransformerSizes {
  width: number
  depth: number
  patchSize: number
  mlpRatio?: number
  /** Class tokens: 1, or one a class. */
  tokens?: number
  /** Patches a side that `pos_embed` has rows for. */
  grid?: number
  /** Rows of `pos_embed` before those of the patches: of class tokens, and one of a distillation token. */
  tokenRows?: number
  /** From attention fusion, which only a WeakTr has. */
  heads?: number
}

/** Attention heads of published transformers by their width (ViT, DeiT, MAE, DINO, EVA); shapes do not tell them. */
const PUBLISHED_HEADS: Readonly<Record<number, number>> = {
  192: 3,
  384: 6,
  768: 12,
  1024: 16,
  1280: 16,
  1408: 16,
  1536: 24,
}

/** @returns undefined for a width that no published transformer has */
export function publishedHeads(width: number): number | undefined {
  return PUBLISHED_HEADS[width]
}

export function transformerSizes(shapes: Shapes): TransformerSizes | undefined {
  const patch = shapes.get('patch_embed.proj.weight')
  const depth = layers(shapes, 'blocks.')
  if (patch?.length !== 4 || patch[2] !== patch[3] || depth === 0) return undefined
  const width = patch[0]!
  const hidden = shapes.get('blocks.0.mlp.fc1.weight')?.[0]
  const classes = shapes.get('cls_token')
  const tokens = classes?.length === 3 ? classes[1]! : undefined
  const headWidth = shapes.get('adaptive_attention_fusion.attn_feat_ffn.0.weight')?.[1]
  return {
    width,
    depth,
    patchSize: patch[2]!,
    ...(hidden === undefined ? {} : { mlpRatio: hidden / width }),
    ...(tokens === undefined ? {} : { tokens, ...gridOf(shapes.get('pos_embed'), tokens, shapes.has('dist_token')) }),
    ...(headWidth === undefined ? {} : { heads: width / headWidth }),
  }
}

/** Positions are those of the tokens and of a square of patches; some transformers have none for their tokens. */
function gridOf(
  positions: readonly number[] | undefined,
  tokens: number,
  distilled: boolean,
): Pick<TransformerSizes, 'grid' | 'tokenRows'> {
  if (positions?.length !== 3 || positions[0] !== 1) return {}
  for (const tokenRows of [tokens + (distilled ? 1 : 0), 0]) {
    const grid = Math.sqrt(positions[1]! - tokenRows)
    // A single row is that of a class token, and no grid.
    if (Number.isInteger(grid) && grid > (tokenRows === 0 ? 1 : 0)) return { grid, tokenRows }
  }
  return {}
}

/** What the shapes of a ResNet tell. */
export interface ResnetSizes {
  /** `ResNet-50`, `ResNeXt`, ... */
  name: string
  /** Value of generator.backbone; absent for those that no generator has. */
  backbone?: 'resnet50' | 'resnet101'
  /** Channels of the stem, of 64. */
  width: number
  /** Blocks of each of the four stages. */
  blocks: number[]
}

/** By their blocks: of two 3 x 3 convolutions, and bottlenecks. */
const BASIC_RESNETS: Readonly<Record<string, string>> = { '2,2,2,2': '18', '3,4,6,3': '34' }
const RESNETS: Readonly<Record<string, string>> = {
  '3,4,6,3': '50',
  '3,4,23,3': '101',
  '3,8,36,3': '152',
}

export function resnetSizes(shapes: Shapes): ResnetSizes | undefined {
  const stem = shapes.get('conv1.weight')
  const first = shapes.get('layer1.0.conv1.weight')
  const spatial = shapes.get('layer1.0.conv2.weight')
  const blocks = [1, 2, 3, 4].map((stage) => layers(shapes, `layer${stage}.`))
  if (stem?.length !== 4 || first?.length !== 4 || blocks.includes(0)) return undefined
  const width = stem[0]! / 64
  const number = RESNETS[`${blocks}`]
  if (!shapes.has('layer1.0.conv3.weight'))
    return { name: `ResNet-${BASIC_RESNETS[`${blocks}`] ?? blocks}`, width, blocks }
  if (spatial !== undefined && spatial[1]! < spatial[0]!) return { name: 'ResNeXt', width, blocks }
  if (first[0] !== stem[0]) return { name: 'Wide ResNet', width, blocks }
  const name = `ResNet-${number ?? blocks}`
  const backbone = number === '50' ? 'resnet50' : number === '101' ? 'resnet101' : undefined
  return { name, ...(backbone === undefined ? {} : { backbone }), width, blocks }
}

/** What the shapes of an EfficientNet with the names of efficientnet-lite-pytorch tell. */
export function efficientnetSizes(shapes: Shapes): { name: string; lite0: boolean; blocks: number } | undefined {
  const stem = shapes.get('_conv_stem.weight')
  const blocks = layers(shapes, '_blocks.')
  if (stem?.length !== 4 || blocks === 0) return undefined
  if ([...shapes.keys()].some((name) => name.includes('._se_')))
    return { name: 'EfficientNet with squeeze-and-excitation (B0 to B7)', lite0: false, blocks }
  const lite0 = blocks === 16
  return { name: lite0 ? 'EfficientNet-Lite0' : `EfficientNet-Lite of ${blocks} blocks`, lite0, blocks }
}

/**
 * One more than the highest number of a layer. Four digits at most: a file that names layer 99,999,999 must not be taken
 * for so deep a network.
 */
function layers(shapes: Shapes, stack: string): number {
  const pattern = new RegExp(`^${stack.replace('.', String.raw`\.`)}(\\d{1,4})\\.`)
  return [...shapes.keys()].reduce((most, name) => Math.max(most, Number(pattern.exec(name)?.[1] ?? -1) + 1), 0)
}

export function sameShape(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((size, axis) => size === other[axis])
}

export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

/** Classes of the classification head that a publisher left in the file. */
export function headClasses(shapes: Shapes): number | undefined {
  const names = [
    'head.weight',
    'fc.weight',
    '_fc.weight',
    'classifier.weight',
    'heads.head.weight',
    'cls_classifier.weight',
  ]
  const shape = names.map((name) => shapes.get(name)).find((each) => each !== undefined && elementCount(each) > 0)
  return shape?.[0]
}
