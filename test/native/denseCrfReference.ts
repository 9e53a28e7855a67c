import type { NativeDenseCrf } from '../../lib/native/addon.js'

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** RGB bytes that change slowly, as photographs do: one random colour every `step` pixels, bilinear between. */
export function smoothImage(height: number, width: number, seed: number, step = 6): Uint8Array {
  const random = randomNumbers(seed)
  const columns = Math.floor(width / step) + 2
  const grid = Float64Array.from({ length: (Math.floor(height / step) + 2) * columns * 3 }, () => random() * 255)
  const image = new Uint8Array(height * width * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [top, left] = [Math.floor(y / step), Math.floor(x / step)]
      const [down, right] = [(y % step) / step, (x % step) / step]
      for (let c = 0; c < 3; c++) {
        const at = (row: number, column: number) => grid[((top + row) * columns + left + column) * 3 + c]!
        const upper = at(0, 0) * (1 - right) + at(0, 1) * right
        const lower = at(1, 0) * (1 - right) + at(1, 1) * right
        image[(y * width + x) * 3 + c] = upper * (1 - down) + lower * down
      }
    }
  }
  return image
}

/**
 * Mean-field inference with every pair of pixels, in double precision: Q [labels, pixels]. Straight from Kraehenbuehl
 * and Koltun 2011: message = sum over all pixels j of k(f_i, f_j) Q_j, itself included, after normalisation.
 */
export function bruteForce(
  image: Uint8Array,
  size: { height: number; width: number; labels: number },
  energies: ArrayLike<number>,
  method: NativeDenseCrf,
): Float64Array {
  const { height, width, labels } = size
  const pixels = height * width
  const kernels = [...method.gaussian.map((kernel) => ({ ...kernel, srgb: undefined })), ...method.bilateral].map(
    (kernel) => ({
      gram: kernelMatrix(image, size, kernel, method.normalization ?? 'symmetric'),
      compat: kernel.compat,
    }),
  )
  let q = softmax(Float64Array.from(energies), labels, pixels)
  for (let iteration = 0; iteration < method.iterations; iteration++) {
    const total = Float64Array.from(energies)
    for (const { gram, compat } of kernels) addMessage(total, gram, q, compat, labels, pixels)
    q = softmax(total, labels, pixels)
  }
  return q
}

/** [pixels, pixels]: exp(-|f_i - f_j|^2 / 2), normalised. */
export function kernelMatrix(
  image: Uint8Array,
  { height, width }: { height: number; width: number },
  { sxy, srgb }: { sxy: number[]; srgb?: number[] | undefined },
  normalization: string,
): Float64Array {
  const pixels = height * width
  const gram = new Float64Array(pixels * pixels)
  for (let i = 0; i < pixels; i++) {
    for (let j = 0; j < pixels; j++) {
      let distance = (((i % width) - (j % width)) / sxy[0]!) ** 2
      distance += ((Math.floor(i / width) - Math.floor(j / width)) / sxy[1]!) ** 2
      for (let c = 0; srgb !== undefined && c < 3; c++) {
        distance += ((image[i * 3 + c]! - image[j * 3 + c]!) / srgb[c]!) ** 2
      }
      gram[i * pixels + j] = Math.exp(-distance / 2)
    }
  }
  normalize(gram, pixels, normalization)
  return gram
}

function normalize(gram: Float64Array, pixels: number, kind: string): void {
  if (kind === 'none') return
  const sums = Float64Array.from({ length: pixels }, (_, i) =>
    gram.subarray(i * pixels, (i + 1) * pixels).reduce((sum, value) => sum + value, 0),
  )
  for (let i = 0; i < pixels; i++) {
    for (let j = 0; j < pixels; j++) {
      const [row, column] = [sums[i]!, sums[j]!]
      gram[i * pixels + j]! /= kind === 'before' ? column : kind === 'after' ? row : Math.sqrt(row * column)
    }
  }
}

function addMessage(
  total: Float64Array,
  gram: Float64Array,
  q: Float64Array,
  compat: number | Float32Array,
  labels: number,
  pixels: number,
): void {
  for (let i = 0; i < pixels; i++) {
    const message = new Float64Array(labels)
    for (let j = 0; j < pixels; j++) {
      const weight = gram[i * pixels + j]!
      for (let l = 0; l < labels; l++) message[l]! += weight * q[l * pixels + j]!
    }
    for (let a = 0; a < labels; a++) {
      if (typeof compat === 'number') {
        total[a * pixels + i]! -= compat * message[a]!
        continue
      }
      for (let b = 0; b < labels; b++) {
        const energy = (compat[a * labels + b]! + compat[b * labels + a]!) / 2
        total[a * pixels + i]! += energy * message[b]!
      }
    }
  }
}

/** softmax(-energies) over labels. */
export function softmax(energies: ArrayLike<number>, labels: number, pixels: number): Float64Array {
  const q = new Float64Array(labels * pixels)
  for (let p = 0; p < pixels; p++) {
    let least = Number.POSITIVE_INFINITY
    for (let l = 0; l < labels; l++) least = Math.min(least, energies[l * pixels + p]!)
    let sum = 0
    for (let l = 0; l < labels; l++) sum += q[l * pixels + p] = Math.exp(least - energies[l * pixels + p]!)
    for (let l = 0; l < labels; l++) q[l * pixels + p]! /= sum
  }
  return q
}

/** The largest difference of two lists. */
export function largestDifference(first: ArrayLike<number>, second: ArrayLike<number>): number {
  if (first.length !== second.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < first.length; i++) {
    const difference = Math.abs(first[i]! - second[i]!)
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

export function meanDifference(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < first.length; i++) sum += Math.abs(first[i]! - second[i]!)
  return sum / first.length
}
