// node refine.mjs DIST/INDEX.JS DEVICE: refineMasks over generated pictures on the device and on the processor. Exit
// code 1 where a label differs at more than one pixel of 10,000: scores that are nearly equal have no order.
import { pathToFileURL } from 'node:url'

const [index, device] = process.argv.slice(2)
const { refineMasks } = await import(pathToFileURL(index).href)
const allowed = 1e-4

/** A picture of smooth colours with edges, and three maps that follow them roughly. */
function input(width, height, number) {
  const data = new Uint8Array(width * height * 3)
  const scores = new Float32Array(3 * width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const inside = Math.hypot(x / width - 0.5, y / height - 0.4) < 0.2 + 0.02 * number
      const pixel = y * width + x
      data[3 * pixel] = inside ? 200 : (60 * x) / width
      data[3 * pixel + 1] = (inside ? 40 : 120) + (40 * y) / height
      data[3 * pixel + 2] = ((x * 7 + y * 13 + number * 5) % 11) + (y > 0.7 * height ? 150 : 20)
      const near = Math.exp(-8 * Math.hypot(x / width - 0.45, y / height - 0.45))
      const low = 1 / (1 + Math.exp(20 * (0.65 - y / height)))
      scores[pixel] = 0.4
      scores[width * height + pixel] = near
      scores[2 * width * height + pixel] = low
    }
  return { name: `${width}x${height}-${number}`, image: { data, width, height }, scores, classes: [0, 1, 2] }
}

const inputs = [0, 1, 2, 3].flatMap((number) => [input(640, 480, number), input(131, 97, number)])

async function refined(method, where) {
  const begin = performance.now()
  const masks = []
  for await (const done of refineMasks(inputs, { method, device: where })) {
    if (done.error) throw done.error
    masks.push(done.mask.data)
  }
  return { masks, seconds: (performance.now() - begin) / 1e3 }
}

for (const method of ['crf', 'pamr']) {
  await refined(method, device) // the first call opens the device
  const ours = await refined(method, device)
  const expected = await refined(method, 'cpu')
  let differ = 0
  let pixels = 0
  const labels = new Set()
  ours.masks.forEach((mask, number) => {
    pixels += mask.length
    mask.forEach((label, place) => {
      labels.add(label)
      if (label !== expected.masks[number][place]) differ++
    })
  })
  const times = `${ours.seconds.toFixed(2)} s on ${device}, ${expected.seconds.toFixed(2)} s on cpu`
  console.log(`refineMasks ${method}: ${differ} of ${pixels} labels differ, ${labels.size} labels; ${times}`)
  if (differ > allowed * pixels || labels.size < 2) process.exitCode = 1
}
