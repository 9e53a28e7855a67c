// What another precision changes in the demo: mean IoU of whole demos, losses of the first steps of a stage from the same
// start, and masks of one and the same run.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readMask } from '../../dist/masks/png.js'
import { runDemo } from '../../dist/runs/demo.js'
import { generateMasks } from '../../dist/runs/generateMasks.js'

/** Steps whose losses are compared. */
const STEPS = 100
const ROWS = ['cam', 'matching', 'semples', 'semples+crf', 'control']

/** @param names two precisions; @returns a row for each seed */
export async function compareDemos(names, { seeds, threads, device }) {
  const folder = await mkdtemp(join(tmpdir(), 'semples-bench-precision-'))
  const rows = []
  try {
    for (const seed of seeds) {
      const results = []
      for (const precision of names) {
        const out = join(folder, `${seed}-${precision}`)
        results.push(await runDemo({ seed, out, threads, device, precision }))
      }
      rows.push({ seed, ...(await compare(results, names, { threads, device })) })
      console.log(line(rows.at(-1), names))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return rows
}

async function compare(results, names, { threads, device }) {
  const [first, second] = await Promise.all(results.map(({ run }) => lossesOf(run)))
  const differences = first.map((loss, at) => Math.abs(second[at] - loss) / Math.abs(loss))
  const [{ run }] = results
  const folders = []
  for (const precision of names) {
    const out = `${run}-masks-${precision}`
    await generateMasks({ run, out, threads, device, precision })
    folders.push(out)
  }
  return {
    miou: results.map(({ ablation, control }) => [...ablation, control].map((each) => each.miou)),
    seconds: results.map(({ seconds }) => seconds),
    losses: {
      steps: differences.length,
      mean: differences.reduce((sum, each) => sum + each, 0) / differences.length,
      largest: Math.max(...differences),
    },
    samePixels: await agreement(folders),
  }
}

/** Of classification, which both precisions begin from the same weights and batches. */
async function lossesOf(run) {
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n')
  const records = lines.map((text) => JSON.parse(text)).filter(({ stage }) => stage === 'classify')
  return records.slice(0, STEPS).map(({ loss }) => loss)
}

/** Share of pixels that have one label in both folders. */
async function agreement([one, other]) {
  const names = (await readdir(one)).filter((name) => name.endsWith('.png'))
  let [same, all] = [0, 0]
  for (const name of names) {
    const [a, b] = await Promise.all([one, other].map((folder) => readMask(join(folder, name))))
    for (let at = 0; at < a.data.length; at++) same += a.data[at] === b.data[at]
    all += a.data.length
  }
  return same / all
}

const percent = (fraction, digits = 2) => (100 * fraction).toFixed(digits)

function line({ seed, miou, seconds, losses, samePixels }, names) {
  return [
    `seed ${seed}`,
    ...names.map(
      (name, at) =>
        `  ${name.padEnd(10)}${ROWS.map((row, column) => `${row} ${percent(miou[at][column])}`).join('  ')}  ${seconds[at].toFixed(0)} s`,
    ),
    `  losses of ${losses.steps} steps of classification differ by ${percent(losses.mean, 3)} %, ${percent(losses.largest, 3)} % at most; ${percent(samePixels)} % of the pixels of one run's masks are the same`,
  ].join('\n')
}

/** Means over the seeds. */
export function printDemos(rows, names) {
  const mean = (of) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length
  console.log(`\nmean IoU in % at the preset's threshold, means of ${rows.length} seeds`)
  names.forEach((name, at) => {
    const cells = ROWS.map((row, column) => `${row} ${percent(mean(({ miou }) => miou[at][column]))}`)
    console.log(`  ${name.padEnd(10)}${cells.join('  ')}  ${mean(({ seconds }) => seconds[at]).toFixed(0)} s`)
  })
}
