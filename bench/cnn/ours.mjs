// One task of semples, repeated whenever a line arrives.
import { createInterface } from 'node:readline'
import { readSafetensors } from '../../dist/formats/safetensors.js'
import { chooseCompute } from '../../dist/models/devices.js'
import { MaskGenerator } from '../../dist/models/maskGenerator.js'
import { Trainer } from '../../dist/models/trainer.js'

const task = JSON.parse(process.argv[2])
await chooseCompute('cpu', task.threads)
const generator = await MaskGenerator.create({
  kind: 'cnn',
  backbone: task.backbone,
  classes: task.classes,
  norm: 'fixed',
  frozen: task.backbone === 'resnet50' ? 'layer2' : 'none',
})
await generator.load((await readSafetensors(task.weights)).tensors)
const pictures = task.pictures.map(([count, height, width]) => ({
  pixels: Uint8Array.from({ length: count * height * width * 3 }, (_, at) => (at * 7919) % 256),
  count,
  height,
  width,
}))

const actions = { step: await training(), cams }

async function training() {
  const trainer = await Trainer.create({
    generator,
    terms: { coarse_logits: 1 },
    trains: 'all',
    gradients: 'classification',
    optimizer: { kind: 'sgd', weightDecay: 1e-4 },
  })
  const [batch] = pictures
  const labels = new Uint8Array(batch.count * task.classes)
  for (let at = 0; at < batch.count; at++) labels[at * task.classes + (at % task.classes)] = 1
  return async () => (await trainer.step({ ...batch, labels, learningRate: task.rate })).loss
}

async function cams() {
  const scales = pictures.map(({ pixels, height, width }) => ({ data: pixels, height, width }))
  const { cams: maps } = await generator.cams(scales, task.present, { scaling: 'max' })
  return maps.reduce((sum, value) => sum + value, 0) / maps.length
}

for await (const _ of createInterface({ input: process.stdin })) {
  const started = performance.now()
  const value = await actions[task.kind]()
  console.log(JSON.stringify({ ms: performance.now() - started, value }))
}
