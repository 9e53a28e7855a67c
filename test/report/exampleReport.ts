import { scores } from '../../lib/evaluate/scores.js'
import { bestPoint, hundredths, SweepCounter } from '../../lib/evaluate/sweep.js'
import { maskFromCams } from '../../lib/masks/threshold.js'
import type { AblationRow, GalleryPicture, RunReport, StageReport } from '../../lib/report/runReport.js'
import { type Scene, scene } from '../../lib/scenes/scene.js'
import { SCENE_CLASSES } from '../../lib/scenes/vocabulary.js'

const THRESHOLD = 0.4
const ROWS = [
  { name: 'cam', description: 'class activation maps of stage classify', reach: 0.55 },
  { name: 'matching', description: 'after contrastive matching of segments and labels', reach: 0.3 },
  { name: 'semples', description: 'refined with the learned background prompts', reach: 0.06 },
]
const CONTROL = { name: 'no prompts', description: 'refined for as many epochs without prompts', reach: 0.26 }
const WORDS = ['rails', 'water', 'leaves', 'grass', 'clouds', 'road', 'sand', 'snow', 'bricks', 'wood']
const { classes } = SCENE_CLASSES
const ids = [0, ...classes.map(({ id }) => id)]

/**
 * A report with everything in it: drawn scenes, and maps that are the exact masks washed out as far as `reach` says.
 * The figures follow from those maps; no model took part.
 */
export function exampleReport({ pictures = 6, steps = 400, size = 96 } = {}): RunReport {
  const scenes = Array.from({ length: pictures }, (_, index) => scene(1, index, { size }))
  return {
    title: 'Demo on drawn scenes, seed 1',
    created: '2026-01-31T09:26:53.000Z',
    notices: ['These maps are drawn, no model made them.', 'The generator started from random weights.'],
    classes: classes.map(({ id, label, color }) => ({ id, label, color })),
    stages: ['classify', 'match', 'prompt', 'refine'].map((name) => stage(name, steps)),
    ablation: ROWS.map((row) => judged(row, scenes)),
    control: judged(CONTROL, scenes),
    threshold: THRESHOLD,
    gallery: scenes.map((drawn, index) => picture(drawn, `scene_${String(index).padStart(4, '0')}`)),
    prompts: classes.map(({ id, label }, index) => ({
      classId: id,
      label,
      words: [0, 3, 5, 7, 9].map((shift, rank) => ({ word: WORDS[(index + shift) % 10], cosine: 0.71 - rank * 0.13 })),
    })),
    vocabulary: [...WORDS, ...classes.map(({ label }) => label)],
    config: { seed: 1, threads: 'auto', match: { epochs: 8, lr: 6e-4, backgroundText: 1.2 }, refine: { epochs: 10 } },
    environment: [
      ['semples', '0.1.0'],
      ['Node', 'v20.19.0'],
      ['LibTorch', '2.13.0'],
      ['device', 'cpu, 2 threads'],
      ['platform', 'linux x64'],
    ],
  }
}

/** The exact mask of each label, smoothed, and as much of the rest of the picture as `reach` says. */
function camsOf({ mask, labels, pixels }: Scene, reach: number): Float32Array {
  const { width, height, data } = mask
  const cams = new Float32Array(labels.length * width * height)
  const radius = Math.round((width / 96) * (2 + reach * 12))
  labels.forEach((label, map) => {
    const { id } = classes[label]
    const exact = Float32Array.from(data, (value, i) => (value === id ? 1 : reach * (0.5 + pixels[i * 3 + 1] / 400)))
    const smooth = blur(blur(exact, width, height, radius, true), width, height, radius, false)
    const peak = smooth.reduce((most, value) => Math.max(most, value), 1e-6)
    cams.set(
      smooth.map((value) => value / peak),
      map * width * height,
    )
  })
  return cams
}

function blur(values: Float32Array, width: number, height: number, radius: number, across: boolean): Float32Array {
  return values.map((_, i) => {
    const [column, row] = [i % width, Math.floor(i / width)]
    let [sum, weight] = [0, 0]
    for (let shift = -radius; shift <= radius; shift++) {
      const [x, y] = across ? [column + shift, row] : [column, row + shift]
      if (x < 0 || y < 0 || x >= width || y >= height) continue
      sum += values[y * width + x]
      weight += 1
    }
    return sum / weight
  })
}

const classIds = (labels: readonly number[]): number[] => labels.map((label) => classes[label].id)

function judged({ name, description, reach }: (typeof ROWS)[number], scenes: readonly Scene[]): AblationRow {
  const thresholds = hundredths(0, 100)
  const counter = new SweepCounter(ids, thresholds)
  for (const drawn of scenes) {
    const { width, height } = drawn
    counter.add({ cams: camsOf(drawn, reach), classIds: classIds(drawn.labels), width, height }, drawn.mask)
  }
  const { miou, perClass } = scores(counter.confusion(thresholds.indexOf(THRESHOLD)))
  const labels = ['background', ...classes.map(({ label }) => label)]
  const curve = counter.curve()
  return {
    name,
    description,
    miou,
    perClass: perClass.map((entry, index) => ({ ...entry, label: labels[index] })),
    pictures: scenes.length,
    curve,
    best: bestPoint(curve),
  }
}

function picture(drawn: Scene, id: string): GalleryPicture {
  const { width, height, pixels, mask: truth } = drawn
  const labels = classIds(drawn.labels)
  return {
    id,
    width,
    height,
    pixels,
    truth,
    labels,
    labelSource: 'given',
    results: ROWS.map(({ name, reach }) => {
      const cams = camsOf(drawn, reach)
      return { name, cams, mask: maskFromCams({ cams, classIds: labels, width, height, threshold: THRESHOLD }) }
    }),
    promptMaps: labels.map((classId) => ({ classId, rows: 8, columns: 8, values: backgroundGrid(drawn) })),
  }
}

/** Share of background in each of 8 x 8 patches, as a cosine might follow it. */
function backgroundGrid({ width, height, mask }: Scene): Float32Array {
  const sums = new Float32Array(64)
  mask.data.forEach((id, i) => {
    const patch = Math.floor((Math.floor(i / width) * 8) / height) * 8 + Math.floor(((i % width) * 8) / width)
    if (id === 0) sums[patch] += 1
  })
  return sums.map((sum, i) => 0.12 + (0.3 * sum * 64) / (width * height) + 0.03 * Math.sin(i * 7))
}

function stage(name: string, length: number): StageReport {
  return {
    name,
    title: `stage ${name} of an example`,
    epochs: 8,
    seconds: 47.3,
    steps: Array.from({ length }, (_, step) => {
      const noise = Math.sin(step * 12.9898) * 0.5 + Math.sin(step * 78.233) * 0.5
      const loss = 0.25 + 1.4 * Math.exp((-4 * step) / length) + 0.12 * noise
      const terms = { foreground: loss * 0.6, background: 0.3 - 0.1 * Math.exp((-6 * step) / length) + 0.02 * noise }
      return { epoch: Math.floor((8 * step) / length), step, loss, terms, learningRate: 6e-4 * (1 - step / length) }
    }),
  }
}
