// One job in a process of its own: takes a job as JSON, prints the most memory that the process held, in bytes.
import { readFileSync } from 'node:fs'

const job = JSON.parse(process.argv[2])
const dist = (path) => import(`../../../dist/${path}`)
const { loadAddon } = await dist('native/load.js')
await loadAddon().setThreads(1)
const { MaskGenerator } = await dist('models/maskGenerator.js')
const { nativeGenerator } = await dist('models/generators/kinds.js')

/** Bytes without a pattern. */
function noise(count) {
  const bytes = new Uint8Array(count)
  let state = 1
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

async function cams({ generator, classes, width, height, scales, flip, maps }) {
  const network = await MaskGenerator.create(nativeGenerator(generator, { classes, seed: 1, device: 'cpu' }))
  const pictures = scales.map((scale) => {
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)]
    return { width: w, height: h, data: noise(w * h * 3) }
  })
  await network.cams(pictures, [...Array(maps).keys()], { flip })
}

async function training({ generator, classes, size, batch, microBatch, trains }) {
  const { Trainer } = await dist('models/trainer.js')
  const network = await MaskGenerator.create(nativeGenerator(generator, { classes, seed: 1, device: 'cpu' }))
  const terms = generator.kind === 'cnn' ? { coarse_logits: 1 } : { class_logits: 1, coarse_logits: 1, fine_logits: 1 }
  const gradients = 'classification'
  const trainer = await Trainer.create({ terms, trains, gradients, microBatch, generator: network })
  const labels = new Uint8Array(batch * classes).map((_, at) => (at % classes === 0 ? 1 : 0))
  const pixels = noise(batch * size * size * 3)
  for (let step = 0; step < 2; step++)
    await trainer.step({ pixels, labels, count: batch, height: size, width: size, seed: step, learningRate: 1e-4 })
}

/** From a file, as jobs have it: decoded, then resized to each scale. */
async function segment({ model, classes, width, height, scales, file, ...rules }) {
  const { default: sharp } = await import('sharp')
  const segmenter = await segmenterOf(model, classes)
  const raw = { width, height, channels: 3 }
  const decoded = await sharp(file).removeAlpha().raw().toBuffer()
  const pictures = []
  for (const { width: w, height: h } of scales) {
    const same = w === width && h === height
    const resized = () => sharp(decoded, { raw }).resize({ width: w, height: h, fit: 'fill' }).raw().toBuffer()
    pictures.push({ width: w, height: h, data: same ? decoded : await resized() })
  }
  const { window, stride, atOnce, flip, earlier, probabilities } = rules
  const options = { window, stride, atOnce, flip, earlier, probabilities }
  await segmenter.predict({ scales: pictures, width, height, ...options })
}

async function segmentTraining({ model, classes, size, batch, microBatch }) {
  const { SegmentTrainer } = await dist('models/segmenter.js')
  const segmenter = await segmenterOf(model, classes)
  const trainer = await SegmentTrainer.create({ segmenter, microBatch })
  const pixels = noise(batch * size * size * 3)
  const labels = noise(batch * size * size).map((value) => value % classes)
  for (let step = 0; step < 2; step++)
    await trainer.step({ pixels, labels, count: batch, height: size, width: size, seed: step, learningRate: 1e-4 })
}

async function segmenterOf({ archive, clip: _, ...model }, classes) {
  const { Segmenter } = await dist('models/segmenter.js')
  if (archive === undefined) return Segmenter.create({ ...model, classes })
  const { Clip } = await dist('models/clip/clip.js')
  return Segmenter.create({ ...model, classes, clip: await Clip.open({ path: archive }) })
}

/** From a file, as jobs have it: decoding takes some too. */
async function refinement({ width, height, labels, settings, file }) {
  const { refineMask } = await dist('refine/refineMask.js')
  const scores = { dtype: 'float32', shape: [labels, height, width], data: new Float32Array(labels * height * width) }
  for (let at = 0; at < scores.data.length; at++) scores.data[at] = ((at * 7919) % 1000) / 1000
  const { method, own } = settings
  await refineMask({ image: file, scores, method, ...own, iterations: 2, threads: 1, memoryLimit: 2 ** 40 })
}

await { cams, training, segment, segmentTraining, refinement }[job.kind](job)
const [, kibibytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))
process.stdout.write(String(1024 * Number(kibibytes)))
