// npm run bench -- start: how long semples takes to start, each time in a fresh process beside `node -e 0`, and the
// sizes of what a person installs.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, StepError, say } from '../scripts/steps/process.mjs'

const image = '{ data: new Uint8Array(48).map((_, i) => 5 * i), width: 4, height: 4 }'
const labels = '{ data: new Uint8Array(16).map((_, i) => i % 2), width: 4, height: 4 }'

/** What is timed: arguments of Node, run in the repository, where a package may import itself by name. */
const subjects = {
  'node -e 0': ['-e', '0'],
  "import 'semples'": ['--input-type=module', '-e', "import 'semples'"],
  'semples --help': ['dist/cli/main.js', '--help'],
  'first refineMask': [
    '--input-type=module',
    '-e',
    `import { refineMask } from 'semples'; await refineMask({ image: ${image}, labels: ${labels} })`,
  ],
  'first training step': ['--input-type=module', '-e', firstStep()],
}

const USAGE = `npm run bench -- start [options]

  --rounds N   fresh processes of each subject, in turns; default 10
  --json       the last line of standard output is one JSON object
`

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      rounds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const times = measure(Number(values.rounds))
  const floor = median(times['node -e 0'])
  const rows = Object.entries(times).map(([name, each]) => ({
    name,
    ms: median(each),
    above: median(each) - floor,
    least: Math.min(...each),
    most: Math.max(...each),
  }))
  console.log(`Node ${process.version}, medians of ${values.rounds} fresh processes each, in ms\n`)
  for (const { name, ms, above, least, most } of rows) {
    const more = name === 'node -e 0' ? '' : `${above.toFixed(0).padStart(6)} above node -e 0`
    console.log(`${name.padEnd(22)} ${ms.toFixed(0).padStart(6)} (${least.toFixed(0)} to ${most.toFixed(0)})${more}`)
  }
  const sizes = await sizesOf()
  console.log('')
  for (const [name, bytes] of Object.entries(sizes)) console.log(`${name.padEnd(22)} ${(bytes / 1e6).toFixed(1)} MB`)
  if (values.json) console.log(JSON.stringify({ node: process.version, rows, sizes }))
  return 0
}

function measure(rounds) {
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]))
  // The first round fills the disk cache and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, parameters] of Object.entries(subjects)) {
      const start = performance.now()
      const { status, stderr } = spawnSync(process.execPath, parameters, { cwd: root, encoding: 'utf8' })
      if (status !== 0) throw new StepError(`${name} failed: ${stderr}`)
      if (round > 0) times[name].push(performance.now() - start)
    }
    if (round > 0) say(`Round ${round} of ${rounds}`)
  }
  return times
}

/** The smallest step there is: two pictures through a generator of two blocks. */
function firstStep() {
  return `
    const { MaskGenerator } = await import('./dist/models/maskGenerator.js')
    const { Trainer } = await import('./dist/models/trainer.js')
    const config = { kind: 'weaktr', imageSize: 32, patchSize: 8, width: 16, depth: 2, heads: 2, classes: 3 }
    const trainer = await Trainer.create({ generator: await MaskGenerator.create(config), terms: { class_logits: 1 }, trains: 'all' })
    await trainer.step({ pixels: new Uint8Array(2 * 32 * 32 * 3), count: 2, height: 32, width: 32,
      labels: Uint8Array.of(1, 0, 1, 0, 1, 0), learningRate: 1e-3 })`
}

async function sizesOf() {
  const { searchNative } = await import('../dist/native/choose.js')
  const folder = mkdtempSync(join(tmpdir(), 'semples-sizes-'))
  try {
    const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--json', `--pack-destination=${folder}`], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1e8,
    })
    const [{ size, unpackedSize }] = JSON.parse(packed.stdout)
    const { found } = searchNative().libtorch
    const prebuilds = join(root, 'prebuilds')
    return {
      tarball: size,
      'unpacked package': unpackedSize,
      'prebuilt addons': existsSync(prebuilds) ? bytesIn(prebuilds) : 0,
      LibTorch: bytesIn(join(found.folder, 'lib')),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function bytesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0)
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2
}
