import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const options = {
  data: { type: 'string', default: '../shared/data/photos' },
  sets: { type: 'string', default: 'msrc,voc' },
  seeds: { type: 'string', default: '0,1,2' },
  split: { type: 'string', default: '14' },
  third: { type: 'string', default: '0' },
  threads: { type: 'string', default: 'auto' },
  set: { type: 'string', multiple: true, default: [] },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
}

/** Sets whose masks name every class that a picture shows: they alone have an upper bound. */
const COMPLETE = new Set(['msrc'])

export async function run(words) {
  const { values } = parseArgs({ args: words, options })
  const { isPhotographs, splitPhotographs } = await import('./photos/split.mjs')
  const { judgeSegmenters } = await import('./segment/judge.mjs')
  const { trainAll } = await import('./segment/runs.mjs')
  const { weightsPath } = await import('../dist/weights/find.js')
  const folders = values.sets.split(',').map((name) => resolve(values.data, name))
  const missing = folders.find((folder) => !isPhotographs(folder))
  if (missing !== undefined) return skip(`There are no photographs with masks in ${missing}.`)
  try {
    await weightsPath('efficientnet-lite0')
  } catch (error) {
    return skip(`${error.message} ${error.hint}`)
  }
  const out = values.out ? resolve(values.out) : await mkdtemp(join(tmpdir(), 'semples-bench-segment-'))
  const threads = values.threads === 'auto' ? 'auto' : Number(values.threads)
  const split = { seed: Number(values.split), third: Number(values.third) }
  const results = []
  try {
    for (const folder of folders) {
      const set = basename(folder)
      const parts = join(out, set)
      const { train, judge } = await splitPhotographs(folder, split, parts)
      for (const seed of values.seeds.split(',').map(Number)) {
        const started = performance.now()
        const made = { data: train, truth: COMPLETE.has(set) ? join(folder, 'masks') : undefined, seed, threads }
        const run = await trainAll({ ...made, out: join(parts, `seed-${seed}`), settings: values.set })
        // Objects without a label are unlabelled in the masks of the others: each picture over its own labels.
        const rows = await judgeSegmenters(run, judge, { threads, ownLabels: !COMPLETE.has(set) })
        results.push({ set, seed, rows, seconds: (performance.now() - started) / 1000 })
        print(results.at(-1))
      }
    }
  } finally {
    if (values.out === undefined) await rm(out, { recursive: true, force: true })
  }
  for (const set of new Set(results.map((each) => each.set))) printMean(results.filter((each) => each.set === set))
  if (values.json) console.log(JSON.stringify(results))
  return 0
}

function skip(reason) {
  console.log(`Skipped. ${reason}`)
  return 0
}

const percent = (fraction) => (100 * fraction).toFixed(2)

function print({ set, seed, rows, seconds }) {
  console.log(`\n${set}, seed ${seed}: ${rows[0].pictures} photographs judged, ${Math.round(seconds)} s`)
  for (const { name, miou } of rows) console.log(`  ${name.padEnd(34)} ${percent(miou)}`)
  for (const gap of gapOf(rows)) console.log(`  ${'gap'.padEnd(34)} ${percent(gap)}`)
}

function gapOf(rows) {
  const of = (start) => rows.find(({ name }) => name.startsWith(`${start},`))?.miou
  const [own, bound] = [of('segmenter'), of('upper bound')]
  return bound === undefined ? [] : [bound - own]
}

function printMean(results) {
  const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length
  console.log(`\n${results[0].set}, mean of ${results.length} seeds (lowest to highest)`)
  for (const [at, { name }] of results[0].rows.entries()) {
    const all = results.map(({ rows }) => rows[at].miou)
    console.log(
      `  ${name.padEnd(34)} ${percent(mean(all))} (${percent(Math.min(...all))} to ${percent(Math.max(...all))})`,
    )
  }
  const gaps = results.flatMap(({ rows }) => gapOf(rows))
  if (gaps.length > 0) console.log(`  ${'gap'.padEnd(34)} ${percent(mean(gaps))}`)
}
