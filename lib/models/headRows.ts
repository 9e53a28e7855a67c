import type { TensorData, TensorMap } from '../base/tensor.js'
import { imagenetClassesOf } from '../text/imagenetWords.js'
import { floats, isWhole } from './foreign/floats.js'

/** Names of published classification heads: torchvision's ResNet, EfficientNet-Lite. */
const HEADS = ['fc.weight', '_fc.weight']
const IMAGENET_CLASSES = 1000

export interface HeadRows {
  /** The CAM head [C, D, 1, 1]. */
  weight: TensorData
  /** Class, and how many ImageNet classes its row is the mean of. */
  found: Map<string, number>
  /** Classes without an ImageNet name: their rows are as they were. */
  missing: string[]
}

/**
 * The rows of a 1,000-class ImageNet head for classes that have an ImageNet name: the mean of the rows of all that the
 * word stands for, each less the mean of all 1,000, which no softmax sees.
 *
 * @param tensors published weights, with their head
 * @param head the CAM head as it is, float32 [C, D, 1, 1]
 * @param classes by label and prompt name, in the order of the table; either may lead to a name
 * @returns undefined where the weights hold no such head
 */
export function headRows(
  tensors: TensorMap,
  head: TensorData,
  classes: readonly { label: string; prompt: string }[],
): HeadRows | undefined {
  const classifier = HEADS.map((name) => tensors[name]).find((tensor) => tensor?.shape[0] === IMAGENET_CLASSES)
  const width = head.shape[1]!
  if (classifier === undefined || classifier.shape[1] !== width) return undefined
  // No weights are whole numbers.
  if (isWhole(classifier.dtype)) return undefined
  const rows = floats(classifier)
  const centre = meanRow(rows, width, [...Array(IMAGENET_CLASSES).keys()])
  const values = Float32Array.from(head.data as Float32Array)
  const found = new Map<string, number>()
  const missing: string[] = []
  for (const [at, { label, prompt }] of classes.entries()) {
    const known = imagenetClassesOf(label) ?? imagenetClassesOf(prompt)
    if (known === undefined) {
      missing.push(label)
      continue
    }
    const mean = meanRow(rows, width, known.indices)
    values.set(
      mean.map((value, column) => value - centre[column]!),
      at * width,
    )
    found.set(label, known.indices.length)
  }
  return { weight: { ...head, data: values }, found, missing }
}

function meanRow(rows: Float32Array, width: number, indices: readonly number[]): Float64Array {
  const mean = new Float64Array(width)
  for (const index of indices)
    for (let column = 0; column < width; column++) mean[column]! += rows[index * width + column]! / indices.length
  return mean
}
