// npm run bench -- predict [--small] [--threads N] [--rounds N] [--width N] [--height N] [--json]: masks of pictures in memory,
// one after another and eight at once, beside the same network in plain PyTorch (test/segment/reference.py) in turns. One scale,
// no mirror. --small: a tiny network on pictures of 96 x 96, of which four are computed at a time.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { venvPython } from '../scripts/steps/python.mjs'

const AT_ONCE = 8
const PUBLISHED = {
  name: 'vit-mask of DeiT-S/16',
  model: { imageSize: 224, patchSize: 16, width: 384, depth: 12, heads: 6 },
  size: { width: 500, height: 375 },
  rules: { scales: [1], flip: false, side: 520, window: 480, stride: 320 },
}
const SMALL = {
  name: 'vit-mask of width 128, 4 blocks, patches of 8',
  model: { imageSize: 96, patchSize: 8, width: 128, depth: 4, heads: 4 },
  size: { width: 96, height: 96 },
  rules: { scales: [1], flip: false, side: 96, window: 96, stride: 64 },
}

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      threads: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '5' },
      small: { type: 'boolean', default: false },
      width: { type: 'string' },
      height: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const task = values.small ? SMALL : PUBLISHED
  const { rules } = task
  const [threads, rounds, width, height] = ['threads', 'rounds', 'width', 'height'].map((name) =>
    Number(values[name] ?? task.size[name]),
  )
  const folder = await mkdtemp(join(tmpdir(), 'semples-bench-predict-'))
  try {
    const { model, weights } = await randomRun(folder, threads, task.model)
    const picture = {
      data: Uint8Array.from({ length: 3 * width * height }, (_, at) => (at * 7919) % 251),
      width,
      height,
    }
    const python = process.env.SEMPLES_PYTHON ?? venvPython
    const peer = existsSync(python)
      ? startPeer(python, {
          weights,
          threads,
          width,
          height,
          rules,
          model: task.model,
          file: await raw(folder, picture, rules),
        })
      : undefined
    const times = { single: [], overlapping: [], peer: [] }
    await model.predict(picture, rules)
    await peer?.once()
    for (let round = 0; round < rounds; round++) {
      times.single.push(await seconds(() => model.predict(picture, rules)))
      const all = () => Promise.all(Array.from({ length: AT_ONCE }, () => model.predict(picture, rules)))
      times.overlapping.push((await seconds(all)) / AT_ONCE)
      if (peer !== undefined) times.peer.push((await peer.once()).seconds)
    }
    const difference = peer === undefined ? undefined : await differenceTo(peer, model, picture, rules)
    peer?.end()
    model.dispose()
    const result = {
      name: task.name,
      threads,
      rounds,
      width,
      height,
      ...Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)])),
      difference,
    }
    if (values.json) console.log(JSON.stringify(result))
    else for (const line of lines(result)) console.log(line)
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function lines({ name: network, single, overlapping, peer, difference, width, height, threads, rounds }) {
  const row = (name, time) =>
    `${name.padEnd(34)}${(1 / time).toFixed(2).padStart(10)}${(1000 * time).toFixed(0).padStart(10)}`
  return [
    `${network}, 21 classes, ${width} x ${height}, ${threads} threads, medians of ${rounds} rounds in turns`,
    'masks                             pictures/s        ms',
    row('semples, one after another', single),
    row(`semples, ${AT_ONCE} calls at once`, overlapping),
    ...(Number.isFinite(peer)
      ? [row('plain PyTorch', peer), `pixels of another class: ${(100 * difference).toFixed(3)} %`]
      : ['plain PyTorch: no Python (SEMPLES_PYTHON)']),
  ]
}

async function seconds(job) {
  const started = performance.now()
  await job()
  return (performance.now() - started) / 1000
}

const median = (all) => [...all].sort((one, other) => one - other)[all.length >> 1]

/** The run of a segmentation model of these sizes with random weights. */
async function randomRun(folder, threads, sizes) {
  const load = (name) => import(`../dist/${name}.js`)
  const [{ loadRun }, { RunDirectory }, { resolveSegmentConfig }] = await Promise.all(
    ['index', 'checkpoints/runDirectory', 'config/segment/resolve'].map(load),
  )
  const [{ makeSegmenter }, { voc2012Classes }, { chooseCompute }] = await Promise.all(
    ['runs/segment/models', 'datasets/classes/voc2012', 'models/devices'].map(load),
  )
  await chooseCompute('cpu', threads)
  const out = join(folder, 'run')
  const config = resolveSegmentConfig({
    data: { folder },
    targets: { folder },
    out,
    device: 'cpu',
    threads,
    model: { kind: 'vit-mask', weights: 'random', ...sizes },
  })
  const models = await makeSegmenter(config, voc2012Classes.classes.length + 1, 'cpu')
  const made = { config, classes: voc2012Classes, versions: {}, seed: 1, data: 'none', notes: { kind: 'segmenter' } }
  const run = await RunDirectory.create(out, made)
  await run.stage('segment').save({ tensors: { segmenter: await models.segmenter.state() }, state: {}, epoch: 1 })
  await run.close()
  models[Symbol.dispose]()
  const weights = join(await run.stage('segment').checkpointPath('best'), 'segmenter.safetensors')
  return { model: await loadRun(out), weights }
}

async function raw(folder, { data, width, height }, rules) {
  const { scaledPictures } = await import('../dist/segment/scales.js')
  const { writeNpy } = await import('../dist/index.js')
  const file = join(folder, 'picture.npy')
  const [scaled] = await scaledPictures({ data, width, height }, rules)
  await writeNpy(file, { dtype: 'uint8', shape: [scaled.height, scaled.width, 3], data: scaled.data })
  return file
}

/** One prediction for each line that it gets. */
function startPeer(python, job) {
  const script = fileURLToPath(new URL('./predict/peer.py', import.meta.url))
  const child = spawn(python, [script, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async once(mask = false) {
      child.stdin.write(`${mask ? 'mask' : 'time'}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error('the peer ended')
      return JSON.parse(value)
    },
    end: () => child.stdin.end(),
  }
}

/** Share of the pixels that have another class. */
async function differenceTo(peer, model, picture, rules) {
  const { mask } = await model.predict(picture, rules)
  const other = Buffer.from((await peer.once(true)).mask, 'base64')
  return mask.reduce((sum, id, pixel) => sum + (id === other[pixel] ? 0 : 1), 0) / mask.length
}
