// Score maps as bad as those of a network, from a true mask.
import { smoothField } from './unaries.mjs'

/**
 * Deviation of the blur, of the noise (in scores), and the size of its spots: pixels at a longer side of 640. Spots of
 * the size of small objects cannot be told from them; finer ones can.
 */
export const DEGRADATIONS = {
  coarse: { blur: 8, noise: 0.35, spot: 24 },
  fine: { blur: 4, noise: 0.5, spot: 4 },
}

/**
 * The maps of the labels in `truth` (void shared by all), blurred, with smooth noise, as probabilities.
 *
 * @returns `ids`, the label of each map, and `scores`, float32 [ids, height, width]
 */
export function degradedScores({ width, height, data }, random, { blur, noise, spot }) {
  const ids = [...new Set(data)].filter((id) => id !== 255).sort((a, b) => a - b)
  const unit = Math.max(width, height) / 640
  const pixels = width * height
  const scores = new Float32Array(ids.length * pixels)
  ids.forEach((id, label) => {
    const map = Float32Array.from(data, (value) => (value === id ? 1 : value === 255 ? 1 / ids.length : 0))
    const blurred = gaussianBlur(map, height, width, blur * unit)
    const spots = smoothField(random, height, width, Math.max(1, Math.round(spot * unit)))
    scores.set(
      blurred.map((value, at) => Math.max(0, value + noise * spots[at])),
      label * pixels,
    )
  })
  return { ids, scores: probabilities(scores, ids.length) }
}

function probabilities(scores, labels) {
  const pixels = scores.length / labels
  for (let pixel = 0; pixel < pixels; pixel++) {
    let sum = 0
    for (let at = pixel; at < scores.length; at += pixels) sum += scores[at]
    for (let at = pixel; at < scores.length; at += pixels) scores[at] = sum > 0 ? scores[at] / sum : 1 / labels
  }
  return scores
}

/** Three running means in each direction, which together come close to a Gaussian. */
function gaussianBlur(map, height, width, deviation) {
  // A box of 2r + 1 has the variance ((2r + 1)^2 - 1) / 12.
  const radius = Math.round((Math.sqrt(4 * deviation ** 2 + 1) - 1) / 2)
  let blurred = map
  for (let pass = 0; pass < 3; pass++) {
    blurred = runningMeans(blurred, { lines: height, step: width, length: width, stride: 1, radius })
    blurred = runningMeans(blurred, { lines: width, step: 1, length: height, stride: width, radius })
  }
  return blurred
}

/** Of each line, its ends repeated outside. */
function runningMeans(map, { lines, step, length, stride, radius }) {
  const result = new Float32Array(map.length)
  for (let line = 0; line < lines; line++) {
    const start = line * step
    const at = (i) => map[start + Math.min(length - 1, Math.max(0, i)) * stride]
    let sum = 0
    for (let i = -radius; i <= radius; i++) sum += at(i)
    for (let i = 0; i < length; i++) {
      result[start + i * stride] = sum / (2 * radius + 1)
      sum += at(i + radius + 1) - at(i - radius)
    }
  }
  return result
}
