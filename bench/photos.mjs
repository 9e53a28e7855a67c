// npm run bench -- photos [--data DIR]: SemPLeS on photographs, beside its controls. A third of each set is judged.
// The preset's numbers and the threshold were chosen on third 2 of split 14.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { venvPython } from '../scripts/steps/python.mjs'

const options = {
  data: { type: 'string', default: '../shared/data/photos' },
  sets: { type: 'string', default: 'voc,msrc' },
  seeds: { type: 'string', default: '0,1,2' },
  split: { type: 'string', default: '14' },
  third: { type: 'string', default: '0' },
  threshold: { type: 'string', default: '0.25' },
  threads: { type: 'string', default: 'auto' },
  set: { type: 'string', multiple: true, default: [] },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
}

export async function run(words) {
  const { values } = parseArgs({ args: words, options })
  const { isPhotographs, splitPhotographs } = await import('./photos/split.mjs')
  const { trainRuns } = await import('./photos/runs.mjs')
  const { judgeRuns } = await import('./photos/judge.mjs')
  const { weightsPath } = await import('../dist/weights/find.js')
  const { applySettings } = await import('../dist/config/settings.js')
  const folders = values.sets.split(',').map((name) => resolve(values.data, name))
  const missing = folders.find((folder) => !isPhotographs(folder))
  if (missing !== undefined) return skip(`There are no photographs with masks in ${missing}.`)
  let weights
  try {
    weights = await weightsPath('efficientnet-lite0')
  } catch (error) {
    return skip(`${error.message} ${error.hint}`)
  }
  const python = process.env.SEMPLES_PYTHON ?? venvPython
  if (!existsSync(python)) return skip('The stand-in CLIP is made by Python: node scripts/python-env.mjs makes .venv.')

  const out = values.out ? resolve(values.out) : await mkdtemp(join(tmpdir(), 'semples-bench-photos-'))
  const threads = values.threads === 'auto' ? 'auto' : Number(values.threads)
  const threshold = Number(values.threshold)
  const split = { seed: Number(values.split), third: Number(values.third) }
  const results = []
  try {
    for (const folder of folders) {
      const parts = join(out, basename(folder))
      const { train, judge, list } = await splitPhotographs(folder, split, parts)
      const clip = makeClip(python, { weights, folder, list, data: values.data, out: join(parts, 'clip.pt') })
      for (const seed of values.seeds.split(',').map(Number)) {
        const place = join(parts, `seed-${seed}`)
        const started = performance.now()
        const made = { data: train, clip, seed, out: place, threads, changes: applySettings({}, values.set) }
        const runs = await trainRuns(made)
        const judged = await judgeRuns(runs, judge, { threshold, threads, words: await backgroundWords(values.data) })
        const seconds = (performance.now() - started) / 1000
        results.push({ set: basename(folder), seed, threshold, seconds, ...judged })
        await writeFile(join(place, 'result.json'), JSON.stringify(results.at(-1)))
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

/** The words of backgrounds.csv, which prompts are named by; undefined: all that the stand-in knows. */
async function backgroundWords(data) {
  const file = join(resolve(data), 'msrc', 'backgrounds.csv')
  if (!existsSync(file)) return undefined
  const rows = (await readFile(file, 'utf8')).trim().split(/\r?\n/).slice(1)
  return [...new Set(rows.flatMap((row) => row.slice(row.indexOf(',') + 1).split(';')))].filter((word) => word !== '')
}

function skip(reason) {
  console.log(`Skipped. ${reason}`)
  return 0
}

/** The stand-in CLIP of the training part; background words come from the captions beside any of the sets. */
function makeClip(python, { weights, folder, list, data, out }) {
  if (existsSync(out)) return out
  const script = join(import.meta.dirname, '../scripts/clip/photos.py')
  const captioned = join(resolve(data), 'msrc')
  const words = existsSync(join(captioned, 'backgrounds.csv')) && captioned !== folder
  const made = spawnSync(
    python,
    [
      script,
      '--weights',
      weights,
      '--data',
      folder,
      list,
      ...(words ? ['--backgrounds', captioned] : []),
      '--out',
      out,
    ],
    { encoding: 'utf8', timeout: 600_000 },
  )
  if (made.status !== 0) throw new Error(`The stand-in CLIP was not made: ${made.stderr}`)
  return out
}

const percent = (fraction) => (fraction === undefined ? '' : (100 * fraction).toFixed(2))

function print({ set, seed, threshold, pictures, map, scores, prompts, seconds }) {
  console.log(
    `\n${set}, seed ${seed}: ${pictures} photographs judged, mAP of stage 0 ${percent(map)}, ${Math.round(seconds)} s`,
  )
  for (const { name, miou, best, crf } of scores)
    console.log(
      `  ${name.padEnd(16)} ${percent(miou)} at ${threshold}   best ${percent(best.miou)} at ${best.threshold.toFixed(2)}   ${crf === undefined ? '' : `+CRF ${percent(crf)}`}`,
    )
  console.log(
    `  prompts: ${prompts.map(({ label, word, cosine }) => `${label} ${word} ${cosine.toFixed(2)}`).join(', ')}`,
  )
}

/** Mean and spread over the seeds. */
function printMean(results) {
  console.log(`\n${results[0].set}, mean of ${results.length} seeds (lowest to highest)`)
  for (const [at, { name }] of results[0].scores.entries()) {
    const column = (of) => summary(results.map(({ scores }) => of(scores[at])))
    const crf = results[0].scores[at].crf === undefined ? '' : `   +CRF ${column((each) => each.crf)}`
    console.log(`  ${name.padEnd(16)} ${column((each) => each.miou)}   best ${column((each) => each.best.miou)}${crf}`)
  }
  const gain = results.map(({ scores }) => {
    const of = (name) => scores.find((each) => each.name === name)
    return [of('SemPLeS').miou - of('control').miou, of('SemPLeS').best.miou - of('control').best.miou]
  })
  console.log(
    `  SemPLeS - control ${summary(gain.map(([fixed]) => fixed))}   best ${summary(gain.map(([, best]) => best))}`,
  )
}

function summary(values) {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length
  return `${percent(mean)} (${percent(Math.min(...values))} to ${percent(Math.max(...values))})`
}
