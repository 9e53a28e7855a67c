// npm run bench -- precision: steps of the stages, CAMs and masks of the published sizes in float32 and in bfloat16, each
// time in a fresh process, in turns. With --seeds: what it changes in the demo instead.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, StepError, say } from '../scripts/steps/process.mjs'
import { randomClip } from './randomClip.mjs'

const USAGE = `npm run bench -- precision [options]

  --rounds N     fresh processes of each precision, in turns; default 3
  --threads N    default 2
  --batch N      pictures of a step; default 8
  --device NAME  default cpu
  --names A,B    the first is what the others are compared with; default float32,bfloat16
  --seeds 1,2    demos of these seeds in the first two of them: mean IoU, losses of 100 steps, masks of one run in both
  --json         the last line of standard output is one JSON object
`

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      rounds: { type: 'string', default: '3' },
      threads: { type: 'string', default: '2' },
      batch: { type: 'string', default: '8' },
      device: { type: 'string', default: 'cpu' },
      names: { type: 'string', default: 'float32,bfloat16' },
      seeds: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const names = values.names.split(',')
  if (values.seeds !== undefined) return runDemos(names, values)
  const task = { clip: await randomClip(), threads: Number(values.threads), batch: Number(values.batch) }
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const precision of names) results[precision].push(measure({ ...task, device: values.device, precision }))
    say(`Round ${round} of ${values.rounds}`)
  }
  const tasks = Object.keys(results[names[0]][0])
  const rows = tasks.map((name) => ({
    name,
    ...Object.fromEntries(names.map((precision) => [precision, median(results[precision].map((each) => each[name]))])),
  }))
  console.log(`DeiT-S/16 at 224, CLIP ViT-B/32, random weights, batch ${values.batch}, ${values.device};`)
  console.log(
    `${values.threads} threads, medians of ${values.rounds} fresh processes: ms, and how many times as fast\n`,
  )
  console.log(`${''.padEnd(14)}${names.map((name) => name.padStart(18)).join('')}`)
  const [first] = names
  for (const row of rows) {
    const cells = names.map((name) => `${row[name].toFixed(0)} (${(row[first] / row[name]).toFixed(2)}x)`.padStart(18))
    console.log(`${row.name.padEnd(14)}${cells.join('')}`)
  }
  if (values.json) console.log(JSON.stringify({ ...task, clip: undefined, device: values.device, rows }))
  return 0
}

async function runDemos(names, { seeds, threads, device, json }) {
  const { compareDemos, printDemos } = await import('./precision/demo.mjs')
  const two = names.slice(0, 2)
  const rows = await compareDemos(two, { seeds: seeds.split(',').map(Number), threads: Number(threads), device })
  printDemos(rows, two)
  if (json) console.log(JSON.stringify({ names: two, device, rows }))
  return 0
}

function measure(task) {
  const child = join(root, 'bench', 'precision', 'child.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, JSON.stringify(task)], { encoding: 'utf8' })
  if (status !== 0) throw new StepError(stderr)
  return JSON.parse(stdout)
}

function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)]
}
