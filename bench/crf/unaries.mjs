// Energies to refine, from a seed: the same numbers go to both sides.
import { highestLabels } from './compare.mjs'

/** Distance in pixels of the random values that a smooth field runs through. */
const CELL = 40
const CONFIDENCE = 0.7

/** Values that change slowly, of about unit deviation: random ones on a grid, joined smoothly. [height * width]. */
export function smoothField(random, height, width, cell = CELL) {
  const columns = Math.floor(width / cell) + 2
  const grid = Float64Array.from({ length: (Math.floor(height / cell) + 2) * columns }, () => random.normal())
  const field = new Float32Array(height * width)
  const across = Float64Array.from({ length: width }, (_, x) => ease((x % cell) / cell))
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / cell) * columns
    const down = ease((y % cell) / cell)
    for (let x = 0; x < width; x++) {
      const at = row + Math.floor(x / cell)
      const upper = grid[at] + across[x] * (grid[at + 1] - grid[at])
      const lower = grid[at + columns] + across[x] * (grid[at + columns + 1] - grid[at + columns])
      field[y * width + x] = upper + down * (lower - upper)
    }
  }
  return field
}

const ease = (t) => t * t * (3 - 2 * t)

/**
 * -ln p of random smooth probabilities (`soft`), or of their most probable labels, each with a probability of 0.7
 * (`hard`). float32 [labels, height, width].
 */
export function unaryEnergies(kind, random, labels, height, width) {
  const scores = new Float32Array(labels * height * width)
  for (let label = 0; label < labels; label++)
    scores.set(
      smoothField(random, height, width).map((value) => 2 * value),
      label * height * width,
    )
  return kind === 'soft' ? softEnergies(scores, labels) : hardEnergies(highestLabels(scores, labels), labels)
}

function softEnergies(scores, labels) {
  const pixels = scores.length / labels
  const energies = new Float32Array(scores.length)
  for (let pixel = 0; pixel < pixels; pixel++) {
    let sum = 0
    for (let at = pixel; at < scores.length; at += pixels) sum += Math.exp(scores[at])
    for (let at = pixel; at < scores.length; at += pixels)
      energies[at] = -Math.log(Math.min(1, Math.max(1e-5, Math.exp(scores[at]) / sum)))
  }
  return energies
}

function hardEnergies(labelMap, labels) {
  const pixels = labelMap.length
  const energies = new Float32Array(labels * pixels).fill(-Math.log((1 - CONFIDENCE) / (labels - 1)))
  labelMap.forEach((label, pixel) => {
    energies[label * pixels + pixel] = -Math.log(CONFIDENCE)
  })
  return energies
}
