// One fresh process of the bench precision: prints the ms of each task in one precision.
import { BackgroundPrompts } from '../../dist/models/backgroundPrompts.js'
import { Clip } from '../../dist/models/clip/clip.js'
import { chooseCompute } from '../../dist/models/devices.js'
import { MaskGenerator } from '../../dist/models/maskGenerator.js'
import { Segmenter } from '../../dist/models/segmenter.js'
import { Trainer } from '../../dist/models/trainer.js'
import { labelText } from '../../dist/text/templates.js'
import { tokenize } from '../../dist/text/tokenizer.js'

const { clip: path, threads, batch: count, device: wanted, precision } = JSON.parse(process.argv[2])
const CLASSES = 20
const REPEATS = 4
const { device } = await chooseCompute(wanted, threads, precision)
const placed = { device, precision }
const generator = await MaskGenerator.create({ kind: 'weaktr', classes: CLASSES, ...placed })
const clip = await Clip.open({ path, activation: 'quick_gelu', ...placed })
const prompts = await BackgroundPrompts.create({ classes: CLASSES, length: 30, width: clip.info.textWidth, device })
const texts = Array.from({ length: CLASSES }, (_, index) => labelText(`thing ${index}`))
const textIds = tokenize(texts, { contextLength: clip.info.contextLength })
const pixelsOf = (side, pictures) =>
  Uint8Array.from({ length: pictures * side * side * 3 }, (_, at) => ((at * 2654435761) >>> 24) & 255)

async function stage(terms, trains, maskEpsilon) {
  const trainer = await Trainer.create({ terms, trains, maskEpsilon, generator, clip, prompts, textIds })
  const labels = new Uint8Array(count * CLASSES)
  for (let at = 0; at < count; at++) labels[at * CLASSES + (at % CLASSES)] = 1
  const batch = { pixels: pixelsOf(224, count), count, height: 224, width: 224, labels }
  return () => trainer.step({ ...batch, learningRate: 1e-5, seed: 1 })
}

async function cams() {
  const scales = [224, 448].map((side) => ({ data: pixelsOf(side, 1), height: side, width: side }))
  return () => generator.cams(scales, [0, 3])
}

async function masks() {
  const sizes = { imageSize: 384, patchSize: 16, width: 384, depth: 12, heads: 6 }
  const segmenter = await Segmenter.create({ kind: 'vit-mask', classes: CLASSES + 1, ...sizes, ...placed })
  const picture = { data: pixelsOf(512, 1), height: 512, width: 512 }
  return () => segmenter.predict({ scales: [picture], height: 512, width: 512 })
}

const matching = { match: 1, background_text: 2.4 }
const tasks = {
  'stage a': () => stage(matching, 'head', 0.1),
  'stage b': () => stage({ background_prompt: 1, text_prompt: 0.4 }, 'prompts', 1e-4),
  'stage c': () => stage({ ...matching, foreground_prompt: 0.05 }, 'head', 0.1),
  CAMs: cams,
  masks,
}

const times = {}
for (const [name, make] of Object.entries(tasks)) {
  const act = await make()
  const each = []
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const begin = performance.now()
    await act()
    each.push(performance.now() - begin)
  }
  // The first one also loads pages.
  const later = each.slice(1).sort((one, other) => one - other)
  times[name] = later[Math.floor(later.length / 2)]
}
console.log(JSON.stringify(times))
