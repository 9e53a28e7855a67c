import { statSync } from 'node:fs'
import { requireTorchSize } from '../../formats/pickle/torchFile.js'
import { commonPrefix, readStateDict } from '../../formats/stateDict.js'
import { safetensorsShapes, shapesOfValue, torchArchiveValue } from '../../formats/weightShapes.js'
import { ZipArchive } from '../../formats/zip.js'
import { readArchiveTexts } from '../clip/archive.js'
import { isRefusal, planClip } from '../clip/plan.js'
import type { ClipTower } from './clip.js'
import { cnnNetwork } from './cnn.js'
import { FLOAT } from './layer.js'

/**
 * The sizes of the image tower in an archive or in weights, from the shapes of their tensors. Nothing of an archive is
 * run. Undefined where there is no transformer in it whose sizes could be told.
 */
export async function readClipTower(path: string): Promise<ClipTower | undefined> {
  return (await readArchiveTexts(path)) === undefined ? towerOfWeights(path) : towerOfArchive(path)
}

async function towerOfWeights(path: string): Promise<ClipTower | undefined> {
  const shapes = await shapesOfWeights(path)
  const plan = planClip(shapes)
  if (plan === undefined || isRefusal(plan)) return undefined
  const { imageSize, patchSize, visionWidth: width, visionDepth: depth } = plan.sizes
  const numbers = [...shapes.values()].reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  )
  return {
    weights: FLOAT * numbers,
    imageSize,
    tokens: 1 + (imageSize / patchSize) ** 2,
    width,
    depth,
    heads: Math.max(1, width >> 6),
    mlpRatio: 4,
  }
}

/** By name, without the numbers where the kind of file lets them be left. */
async function shapesOfWeights(path: string): Promise<Map<string, number[]>> {
  const header = await safetensorsShapes(path).catch(() => undefined)
  const value = header === undefined ? await torchArchiveValue(path).catch(() => undefined) : undefined
  const known = value === undefined ? header : shapesOfValue(value, '', path)
  const tensors = known === undefined ? Object.entries(await readStateDict(path)) : [...known.tensors]
  const prefix = commonPrefix(tensors.map(([name]) => name))
  return new Map(tensors.map(([name, { shape }]) => [name.slice(prefix.length), shape]))
}

async function towerOfArchive(path: string): Promise<ClipTower | undefined> {
  const zip = await ZipArchive.open(path, path)
  try {
    requireTorchSize(zip, path)
    // Freezing turns weights into constants.
    const pickles = zip.paths.filter((name) => /^[^/]+\/(data|constants)\.pkl$/.test(name))
    const shapes: number[][][] = []
    for (const name of pickles) shapes.push(shapesIn(await zip.read(name)))
    return towerOf(shapes.flat(), statSync(path).size)
  } finally {
    zip.close()
  }
}

/** Shapes of tensors, in the order of the file. A tensor is an id of its storage, its offset, its sizes, ... */
function shapesIn(pickle: Uint8Array): number[][] {
  const bytes = Buffer.from(pickle.buffer, pickle.byteOffset, pickle.byteLength)
  const shapes: number[][] = []
  for (let at = bytes.indexOf('Q'); at >= 0; at = bytes.indexOf('Q', at + 1)) {
    let place = at + 1
    if (bytes[place] === 0x71)
      place += 2 // q: remembered
    else if (bytes[place] === 0x72) place += 5
    const offset = wholeAt(bytes, place)
    if (offset === undefined || bytes[offset.next] !== 0x28) continue // (
    const shape: number[] = []
    let size = wholeAt(bytes, offset.next + 1)
    let end = offset.next + 1
    while (size !== undefined) {
      shape.push(size.value)
      end = size.next
      size = wholeAt(bytes, end)
    }
    if (bytes[end] === 0x74) shapes.push(shape) // t
  }
  return shapes
}

/** BININT1, BININT2 or BININT. */
function wholeAt(bytes: Buffer, at: number): { value: number; next: number } | undefined {
  if (at + 5 > bytes.length) return undefined
  if (bytes[at] === 0x4b) return { value: bytes[at + 1]!, next: at + 2 }
  if (bytes[at] === 0x4d) return { value: bytes.readUInt16LE(at + 1), next: at + 3 }
  if (bytes[at] === 0x4a) return { value: bytes.readInt32LE(at + 1), next: at + 5 }
  return undefined
}

function towerOf(shapes: readonly number[][], fileBytes: number): ClipTower | undefined {
  const weights = 4 * shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0)
  const patches = shapes.find((shape) => shape.length === 4 && shape[1] === 3 && shape[2] === shape[3])
  if (patches === undefined) return undefined
  const [width, , patch] = patches as [number, number, number]
  const isPositions = (shape: readonly number[]) =>
    shape.length === 2 && shape[1] === width && Number.isInteger(Math.sqrt(shape[0]! - 1)) && shape[0]! > 1
  const positions = shapes.find(isPositions)
  const depth = shapes.filter((shape) => shape.length === 2 && shape[0] === 3 * width && shape[1] === width).length
  if (positions === undefined || depth === 0) return undefined
  const tokens = positions[0]!
  return {
    weights: Math.max(weights, fileBytes),
    imageSize: patch * Math.sqrt(tokens - 1),
    tokens,
    width,
    depth,
    heads: Math.max(1, width >> 6),
    mlpRatio: 4,
  }
}

/** What stands for a tower that is no transformer: an EfficientNet-Lite0, as a transformer that keeps as much. */
export function convolutionalTower(weights: number, imageSize: number): ClipTower {
  const options = {
    kind: 'cnn',
    imageSize,
    backbone: 'efficientnet-lite0',
    width: 1,
    outputStride: 32,
    dilate: false,
    norm: 'frozen',
    frozen: 'none',
    head: 'linear',
    cacheMegabytes: 0,
    headStart: 'random',
  } as const
  const { blocks } = cnnNetwork(options, { height: imageSize, width: imageSize, pictures: 1, live: false })
  const kept = blocks.reduce((sum, block) => sum + block.kept, 0)
  // One block of one head whose numbers come to that.
  const units = kept / (4 * 16)
  return { weights, imageSize, tokens: 1, width: units, depth: 1, heads: 1, mlpRatio: 4 }
}
