// What both sides do: the names, sizes and numbers of the work, the same in both processes.

/** DeiT-S/16 at 224 for 20 classes; the CLIP is a ViT-B/32 of random weights. */
export const SIZES = { imageSize: 224, classes: 20, promptLength: 30, batch: 2, threads: 1 }

/** Of CAMs and the dense CRF. */
const PICTURE = { width: 500, height: 375 }

/** Of CAMs; each also mirrored. */
const SCALES = [1, 1.2]

/** Every task by name. Given an opened adapter, each does its work once and gives numbers by which sides are compared. */
export const TASKS = {
  'step a (match)': (side) => trainingStep(side, 'match'),
  'step b (prompt)': (side) => trainingStep(side, 'prompt'),
  'step c (refine)': (side) => trainingStep(side, 'refine'),
  'CAMs of 500x375': cams,
  'CRF, 3 labels': (side) => denseCrf(side, 3),
  'CRF, 21 labels': (side) => denseCrf(side, 21),
}

async function trainingStep(side, stage) {
  const { imageSize: size, classes, batch } = SIZES
  const pixels = new Uint8Array(batch * size * size * 3)
  for (let index = 0; index < batch; index++) pixels.set(picture(size, size, index), index * size * size * 3)
  const labels = new Uint8Array(batch * classes)
  // Three positive pairs.
  for (const index of [2, 7, classes + 2]) labels[index] = 1
  const sizes = { count: batch, height: size, width: size }
  return [await side.trainingStep(stage, { pixels, ...sizes, labels, learningRate: 1e-6, seed: 1 })]
}

async function cams(side) {
  const scales = SCALES.map((scale) => {
    const [width, height] = [Math.round(PICTURE.width * scale), Math.round(PICTURE.height * scale)]
    return { width, height, data: picture(width, height, 0) }
  })
  return thinned(await side.cams(scales, [2, 7], PICTURE))
}

async function denseCrf(side, labels) {
  const { width, height } = PICTURE
  const image = { width, height, data: picture(width, height, 0) }
  return thinned(await side.denseCrf(image, softScores(labels, width, height)))
}

/** An RGB picture of soft stripes, edges and grain, the same for the same arguments. */
function picture(width, height, seed) {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++, at++) {
        const [u, v] = [x / width, y / height]
        const stripes = 40 * Math.sin(9 * u + (2 + channel) * v + seed) + 30 * Math.cos(7 * v * u + channel)
        const edge = (u - 0.5) ** 2 + (v - 0.5) ** 2 < 0.07 ? 50 : 0
        data[at] = 110 + stripes + edge + grain(at + 977 * seed)
      }
  return data
}

/** -8 to 7, as if by chance. */
function grain(index) {
  return ((Math.imul(index + 1, 2654435761) >>> 24) & 15) - 8
}

/** [labels, height, width]: scores that change smoothly and add up to 1 at each pixel. */
function softScores(labels, width, height) {
  const scores = new Float32Array(labels * width * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [u, v] = [(pixel % width) / width, Math.floor(pixel / width) / height]
    let sum = 0
    for (let label = 0; label < labels; label++) {
      const score = Math.exp(2 * Math.sin(3 * u * (label + 1) + label) * Math.cos(5 * v + 2 * label))
      scores[label * width * height + pixel] = score
      sum += score
    }
    for (let label = 0; label < labels; label++) scores[label * width * height + pixel] /= sum
  }
  return scores
}

/** A few hundred of many numbers. */
function thinned(values) {
  const step = Math.max(1, Math.floor(values.length / 499))
  return Array.from({ length: Math.floor(values.length / step) }, (_, index) => values[index * step])
}
