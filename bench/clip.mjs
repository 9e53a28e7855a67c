// npm run bench -- clip: the same CLIP ViT-B/32 in each kind of file, each time in a fresh process, in turns.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pythonEnvironment } from '../scripts/python-env.mjs'
import { root, StepError, say } from '../scripts/steps/process.mjs'
import { randomClip } from './randomClip.mjs'

const USAGE = `npm run bench -- clip [options]

  --rounds N    fresh processes of each file, in turns; default 5
  --threads N   default 2
  --json        the last line of standard output is one JSON object
`

/** Prompts and pictures of a step of the stages prompt and match, with their gradients. */
const PROMPTS = { classes: 20, length: 30 }
const PICTURES = 8
const REPEATS = 4

const DICTIONARY = `
import sys, torch
state = torch.jit.load(sys.argv[1], map_location="cpu").float().state_dict()
sizes = {"input_resolution": 224, "context_length": 77, "vocab_size": 49408}
torch.save({**{name: torch.tensor(value) for name, value in sizes.items()}, **state}, sys.argv[2])
`

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      rounds: { type: 'string', default: '5' },
      threads: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const files = await makeFiles()
  const results = Object.fromEntries(Object.keys(files).map((name) => [name, []]))
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [name, file] of Object.entries(files)) results[name].push(measure(file, values.threads))
    say(`Round ${round} of ${values.rounds}`)
  }
  const rows = Object.entries(results).map(([name, each]) => ({
    name,
    ...Object.fromEntries(Object.keys(each[0]).map((key) => [key, median(each.map((result) => result[key]))])),
  }))
  console.log(
    `ViT-B/32 of random weights, ${PROMPTS.classes} prompts of ${PROMPTS.length} vectors, ${PICTURES} pictures, with gradients;`,
  )
  console.log(`${values.threads} threads, medians of ${values.rounds} fresh processes, ratios to OpenAI's archive\n`)
  console.log('file                          open s      prompts s         pictures s        peak MiB')
  const [first] = rows
  const cell = (row, key, digits) => `${row[key].toFixed(digits)} (${(row[key] / first[key]).toFixed(2)})`.padStart(18)
  for (const row of rows)
    console.log(
      `${row.name.padEnd(27)} ${row.open.toFixed(2).padStart(8)}${cell(row, 'prompts', 2)}${cell(row, 'pictures', 2)}${cell(row, 'peak', 0)}`,
    )
  if (values.json) console.log(JSON.stringify({ threads: Number(values.threads), rows }))
  return 0
}

/** The same weights as an archive of OpenAI, one of export.py, and a dictionary. */
async function makeFiles() {
  const archive = await randomClip()
  const folder = join(root, '.cache', 'bench')
  const python = await pythonEnvironment()
  const interfaceFile = join(folder, 'vit-b-32-interface.pt')
  const dictionary = join(folder, 'vit-b-32-dictionary.pt')
  execFileSync(python, [join(root, 'scripts/clip/export.py'), '--weights', archive, '--out', interfaceFile])
  if (!existsSync(dictionary)) execFileSync(python, ['-c', DICTIONARY, archive, dictionary])
  return {
    "OpenAI's archive": archive,
    'archive of export.py': interfaceFile,
    'dictionary of torch.save': dictionary,
  }
}

function measure(file, threads) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bench', 'clip', 'child.mjs'), file, threads, JSON.stringify({ PROMPTS, PICTURES, REPEATS })],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new StepError(stderr)
  return JSON.parse(stdout)
}

function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)]
}
