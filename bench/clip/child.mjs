// One fresh process of the bench clip: prints seconds of opening, of prompts and of pictures, and the peak in MiB.
import { readFileSync } from 'node:fs'
import { Clip } from '../../dist/models/clip/clip.js'
import { chooseCompute } from '../../dist/models/devices.js'
import { loadAddon } from '../../dist/native/load.js'

const [file, threads, sizes] = process.argv.slice(2)
const { PROMPTS, PICTURES, REPEATS } = JSON.parse(sizes)
await chooseCompute('cpu', Number(threads))
const { inspection } = loadAddon()

const start = performance.now()
const clip = await Clip.open({ path: file })
const open = (performance.now() - start) / 1000

const numbers = (...shape) => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => Math.sin(i)),
})
const { imageSize, textWidth, featureWidth } = clip.info
const vectors = numbers(PROMPTS.classes, PROMPTS.length, textWidth)
const images = numbers(PICTURES, 3, imageSize, imageSize)

/** Median of the later repeats: the first one also loads pages. */
async function seconds(task) {
  const times = []
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const begin = performance.now()
    await task()
    times.push((performance.now() - begin) / 1000)
  }
  const later = times.slice(1).sort((one, other) => one - other)
  return later[Math.floor(later.length / 2)]
}

const prompts = await seconds(() =>
  inspection.promptGradient(clip.native, vectors, numbers(PROMPTS.classes, featureWidth)),
)
const pictures = await seconds(() => inspection.imageGradient(clip.native, images, numbers(PICTURES, featureWidth)))
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024
console.log(JSON.stringify({ open, prompts, pictures, peak }))
