// npm run bench -- demo --seeds 0,1,2 [--set FIELD=VALUE ...] [--segment] [--out FOLDER] [--json]: the demo on several seeds, one
// table. --set changes settings, with the words of `semples train --set`. Minutes a seed.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const percent = (fraction) => (100 * fraction).toFixed(2)

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      seeds: { type: 'string', default: '0' },
      out: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: 'auto' },
      segment: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const { RECIPE, runDemo } = await import('../dist/runs/demo.js')
  const { applySettings } = await import('../dist/config/settings.js')
  const recipe = { ...RECIPE, changes: applySettings({}, values.set) }
  const threads = values.threads === 'auto' ? 'auto' : Number(values.threads)
  const folder = values.out ?? (await mkdtemp(join(tmpdir(), 'semples-bench-demo-')))
  const results = []
  try {
    for (const seed of values.seeds.split(',').map(Number)) {
      const result = await runDemo({ seed, out: join(folder, String(seed)), threads, segment: values.segment }, recipe)
      results.push(row(result))
      if (results.length === 1) console.log(header(result.threshold))
      console.log(line(results.at(-1)))
    }
    console.log(line(meanOf(results)))
    if (values.segment) printSegmenters(results)
  } finally {
    if (values.out === undefined) await rm(folder, { recursive: true, force: true })
  }
  if (values.json) console.log(JSON.stringify(results))
  return 0
}

/** The typical background of each class. */
const HOME = { train: 'rails', boat: 'water', bird: 'leaves', cow: 'grass', airplane: 'clouds', car: 'road' }

function row({ seed, seconds, ablation, control, segmenters, prompts }) {
  const [cam, matching, semples, crf] = ablation.map(({ miou }) => miou)
  const named = prompts.filter(({ label, words }) => words[0].word === HOME[label]).length / prompts.length
  return {
    seed,
    cam,
    matching,
    semples,
    'semples+crf': crf,
    control: control.miou,
    best: [...ablation, control].map(({ best }) => best.miou),
    named,
    seconds,
    segmenters: segmenters.map(({ miou }) => miou),
  }
}

/** Masks that are told the labels, and segmentation models that are told nothing, all refined, on the same pictures. */
function printSegmenters(rows) {
  const columns = (each) => [each['semples+crf'], ...each.segmenters, each.segmenters[1] - each.segmenters[0]]
  console.log('\nseed  semples+crf  segmenter  upper bound  gap')
  for (const each of rows) console.log([each.seed, ...columns(each).map(percent)].join('  '))
  const mean = (at) => rows.reduce((sum, each) => sum + columns(each)[at], 0) / rows.length
  console.log(['mean', ...[0, 1, 2, 3].map((at) => percent(mean(at)))].join('  '))
}

function meanOf(rows) {
  const mean = (of) => rows.reduce((sum, each) => sum + of(each), 0) / rows.length
  const means = Object.fromEntries([...COLUMNS, 'named', 'seconds'].map((name) => [name, mean((each) => each[name])]))
  return { seed: 'mean', ...means, best: [...COLUMNS.keys()].map((at) => mean(({ best }) => best[at])) }
}

const COLUMNS = ['cam', 'matching', 'semples', 'semples+crf', 'control']

function header(threshold) {
  const names = [
    'seed',
    ...COLUMNS.map((name) => `${name}@${threshold}`),
    ...COLUMNS.map((name) => `${name} at best`),
    'prompts named',
    'seconds',
  ]
  return names.join('  ')
}

function line(each) {
  const named = `${Math.round(100 * each.named)} %`
  const values = [
    ...COLUMNS.map((name) => percent(each[name])),
    ...each.best.map(percent),
    named,
    Math.round(each.seconds),
  ]
  return [String(each.seed).padEnd(4), ...values.map((value) => String(value).padStart(8))].join('  ')
}
