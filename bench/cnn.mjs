// npm run bench -- cnn [--threads N] [--rounds N] [--only TEXT] [--json]: training steps and CAMs of CNN generators
// beside plain PyTorch with the same weights, in turns.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { venvPython } from '../scripts/steps/python.mjs'

const CLASSES = 20
const PRESENT = [2, 7]
const side = (length, scale) => Math.round(length * scale)
/** A picture of 500 x 375 at each scale. */
const scaled = (scales) => scales.map((scale) => [1, side(375, scale), side(500, scale)])
const TASKS = {
  'ResNet-50, stage 0, 4 x 320 x 320': { backbone: 'resnet50', kind: 'step', rate: 0.01, pictures: [[4, 320, 320]] },
  'ResNet-50, CAMs of 500 x 375, 4 scales': { backbone: 'resnet50', kind: 'cams', pictures: scaled([1, 0.5, 1.5, 2]) },
  'Lite0, stage 0, 8 x 224 x 224': {
    backbone: 'efficientnet-lite0',
    kind: 'step',
    rate: 0.01,
    pictures: [[8, 224, 224]],
  },
  'Lite0, CAMs of 500 x 375, 4 scales': {
    backbone: 'efficientnet-lite0',
    kind: 'cams',
    pictures: scaled([1, 0.5, 1.5, 2]),
  },
}

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      threads: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
    },
  })
  const python = process.env.SEMPLES_PYTHON ?? venvPython
  if (!existsSync(python)) {
    console.log('Skipped. The peer is PyTorch: node scripts/python-env.mjs makes .venv with it.')
    return 0
  }
  const folder = await mkdtemp(join(tmpdir(), 'semples-bench-cnn-'))
  const results = []
  try {
    console.log(
      'task                                      ours ms   peer ms   peer/ours   ours MiB   peer MiB   difference',
    )
    for (const [name, task] of Object.entries(TASKS).filter(([name]) => name.includes(values.only))) {
      const weights = join(folder, `${task.backbone}.safetensors`)
      if (!existsSync(weights)) await randomWeights(task.backbone, weights)
      const whole = { ...task, weights, classes: CLASSES, present: PRESENT, threads: Number(values.threads) }
      results.push({ name, ...(await sideBySide(whole, python, Number(values.rounds))) })
      console.log(line(results.at(-1)))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  if (values.json) console.log(JSON.stringify(results))
  return 0
}

/** Weights of our initialisation, with statistics that are not those of an untrained norm. */
async function randomWeights(backbone, file) {
  const { MaskGenerator } = await import('../dist/models/maskGenerator.js')
  const { writeSafetensors } = await import('../dist/formats/safetensors.js')
  const generator = await MaskGenerator.create({ kind: 'cnn', backbone, classes: CLASSES, seed: 1 })
  const state = await generator.state()
  for (const [name, { data }] of Object.entries(state))
    if (name.endsWith('running_var')) for (const at of data.keys()) data[at] = 1 + (at % 7) / 7
  await writeSafetensors(file, state)
  generator.dispose()
}

async function sideBySide(task, python, rounds) {
  const sides = [
    start(process.execPath, [join(import.meta.dirname, 'cnn/ours.mjs'), JSON.stringify(task)]),
    start(python, [join(import.meta.dirname, 'cnn/peer.py'), JSON.stringify(task)]),
  ]
  const times = [[], []]
  const values = [[], []]
  try {
    for (let round = 0; round <= rounds; round++)
      for (const [at, { once }] of sides.entries()) {
        const { ms, value } = await once()
        values[at].push(value)
        // The first round warms up.
        if (round > 0) times[at].push(ms)
      }
    const [ours, peer] = times.map(median)
    const [ourPeak, peerPeak] = sides.map(({ peak }) => peak())
    const difference = Math.max(...values[0].map((value, at) => Math.abs(value - values[1][at]) / Math.abs(value)))
    return { ours, peer, ratio: peer / ours, ourPeak, peerPeak, difference }
  } finally {
    for (const { stop } of sides) stop()
  }
}

/** A process that does its task once for every line. */
function start(program, words) {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async once() {
      child.stdin.write('\n')
      const { value, done } = await lines.next()
      if (done) throw new Error(`${program} ended.`)
      return JSON.parse(value)
    },
    /** Peak resident memory in MiB. */
    peak: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024,
    stop: () => child.kill(),
  }
}

const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]

function line({ name, ours, peer, ratio, ourPeak, peerPeak, difference }) {
  const cells = [ours.toFixed(0), peer.toFixed(0), ratio.toFixed(2), ourPeak.toFixed(0), peerPeak.toFixed(0)]
  const widths = [9, 10, 12, 11, 11]
  const numbers = cells.map((cell, at) => cell.padStart(widths[at])).join('')
  return `${name.padEnd(40)}${numbers}   ${difference.toExponential(1)}`
}
