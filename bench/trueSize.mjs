// The published sizes on random weights: DeiT-S/16 at 224 and CLIP ViT-B/32, a few steps of each stage.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomClip } from './randomClip.mjs'

const BATCH = 4
const STEPS = 3

/** Peak resident memory since the last call, in MiB (Linux: clear_refs 5 resets VmHWM). */
function peakMemory() {
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
  writeFileSync('/proc/self/clear_refs', '5')
  return Math.round(peak)
}

export async function run(options) {
  const { trainSemPLeS, writeScenes } = await import('semples')
  const clip = await randomClip()
  const folder = mkdtempSync(join(tmpdir(), 'semples-bench-'))
  try {
    await writeScenes({ out: join(folder, 'scenes'), train: BATCH * STEPS, val: 1, size: 256 })
    const rows = []
    let row
    let last = performance.now()
    const onProgress = ({ stage, step, loss, message }) => {
      if (message !== undefined || step === 0) {
        if (stage !== 'run') {
          row = { stage, seconds: [], peakMegabytes: 0, loss: 0 }
          rows.push(row)
          peakMemory()
        }
        last = performance.now()
        return
      }
      row.seconds.push((performance.now() - last) / 1000)
      row.loss = loss
      row.peakMegabytes = Math.max(row.peakMegabytes, peakMemory())
      last = performance.now()
    }
    await trainSemPLeS({
      data: { folder: join(folder, 'scenes', 'JPEGImages'), labels: join(folder, 'scenes', 'train.csv') },
      generator: { weights: 'random' },
      clip,
      out: join(folder, 'run'),
      ...{ batch: BATCH, epochs: 1, maxSteps: STEPS },
      onProgress,
    })
    const table = rows.map(({ stage, seconds, ...rest }) => ({
      stage,
      secondsAStep: seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)],
      ...rest,
    }))
    console.log(`DeiT-S/16 at 224, CLIP ViT-B/32, batch ${BATCH}, median of ${STEPS} steps, random weights`)
    console.log('stage        seconds a step   peak memory (MiB)')
    for (const { stage, secondsAStep, peakMegabytes } of table)
      console.log(`${stage.padEnd(12)} ${secondsAStep.toFixed(2).padStart(14)} ${String(peakMegabytes).padStart(19)}`)
    if (options.includes('--json')) console.log(JSON.stringify({ batch: BATCH, rows: table }))
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
