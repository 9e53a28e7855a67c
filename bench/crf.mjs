// npm run bench -- crf: the dense CRF beside pydensecrf2, on the same pictures and energies in one run.
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { StepError, say } from '../scripts/steps/process.mjs'
import { measureBandwidths } from './crf/floor.mjs'
import { refineRequest } from './crf/ours.mjs'
import { Peer, preparePeer } from './crf/peer.mjs'
import { listPictures, timedPictures } from './crf/pictures.mjs'
import { measureQuality, overallQuality } from './crf/quality.mjs'
import { columnsOf, describe, printProfile, printQuality, printSummary } from './crf/report.mjs'
import { LABEL_COUNTS, SETTINGS, UNARIES } from './crf/settings.mjs'
import { sideBySide } from './crf/sideBySide.mjs'
import { profileOf, summarize } from './crf/summary.mjs'
import { ratio, Table } from './crf/tables.mjs'
import { oursAtOnce, peerAtOnce } from './crf/throughput.mjs'
import { unaryEnergies } from './crf/unaries.mjs'

const USAGE = `npm run bench -- crf [options]

  --images DIR       pictures of yours; default: those of SEMPLES_TEST_DATA, else drawn scenes
  --pictures N       how many at most; default all. Those that are timed come first
  --timed N          of how many to measure time and memory, of 640 x 480 where there are such; default 8
  --repetitions N    of the timed ones, medians are shown; default 3. The others run once, for agreement
  --quick            --pictures 2 --timed 1 --repetitions 3, and less of the rest
  --markdown         tables for documents
  --json             the last line of standard output is one JSON object
`

export async function run(words) {
  const options = optionsOf(words)
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  const { source, pictures } = await chosenPictures(options)
  const python = await preparePeer()
  const { loadAddon } = await import('../dist/native/load.js')
  const npy = await import('../dist/formats/npy.js')
  const peer = new Peer(python)
  const folder = await mkdtemp(join(tmpdir(), 'semples-bench-crf-'))
  const tools = { addon: loadAddon(), peer, python, npy, folder }
  const threads = availableParallelism()
  try {
    describe(source, threads)
    const rows = await compareAll(tools, pictures, { ...options, threads })
    const summary = summarize(rows)
    printSummary(summary, rows, threads)
    const throughput = await compareThroughput(tools, pictures, { ...options, threads })
    const bandwidth = measureBandwidths()
    const profile = profileOf(rows, bandwidth.memory)
    printProfile(profile, bandwidth, options.markdown)
    const quality = await compareQuality(tools.addon, { ...options, threads })
    if (options.json) console.log(JSON.stringify({ ...summary, rows, throughput, profile, bandwidth, quality }))
    return 0
  } finally {
    peer.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function valuesOf(args) {
  const options = {
    images: { type: 'string' },
    pictures: { type: 'string' },
    timed: { type: 'string' },
    repetitions: { type: 'string' },
    quick: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new StepError(`${error.message.split('. ', 1)[0]}. See npm run bench -- crf --help`)
  }
}

function optionsOf(words) {
  const values = valuesOf(words)
  const number = (name, usual, quick) => {
    const value = Number(values[name] ?? (values.quick ? quick : usual))
    if (value >= 1) return value
    throw new StepError(`--${name} takes a number from 1, not ${values[name]}.`)
  }
  return {
    ...values,
    pictures: number('pictures', Number.POSITIVE_INFINITY, 2),
    timed: number('timed', 8, 1),
    repetitions: number('repetitions', 3, 3),
  }
}

/** Those to time first. */
async function chosenPictures(options) {
  const { source, pictures } = await listPictures(options.images)
  const timed = timedPictures(pictures).slice(0, Math.min(options.timed, options.pictures))
  const others = pictures.filter((picture) => !timed.includes(picture))
  const chosen = [
    ...timed.map((picture) => ({ ...picture, timed: true })),
    ...others.map((picture) => ({ ...picture, timed: false })),
  ]
  return { source, pictures: chosen.slice(0, options.pictures) }
}

async function compareAll(tools, pictures, { repetitions, threads, markdown }) {
  const { Random } = await import('../dist/loader/random.js')
  const table = new Table(columnsOf(threads), { markdown })
  const rows = []
  for (const [at, { name, timed, open }] of pictures.entries()) {
    say(`Picture ${at + 1} of ${pictures.length}: ${name}`)
    const image = await open()
    for (const unary of UNARIES) {
      for (const labels of LABEL_COUNTS) {
        const random = new Random('bench crf', name, unary, labels)
        const energies = unaryEnergies(unary, random, labels, image.height, image.width)
        const memory = timed && process.platform === 'linux'
        const task = { image, energies, labels, repetitions: timed ? repetitions : 1, threads, memory }
        const row = { picture: name, timed, unary, ...(await sideBySide(tools, task)) }
        table.add(row)
        rows.push(row)
      }
    }
  }
  return rows
}

const AT_ONCE = 8

/** The timed pictures, over and over where they are few. */
async function compareThroughput({ addon, peer, npy, folder }, pictures, { quick, threads }) {
  const { Random } = await import('../dist/loader/random.js')
  const candidates = pictures.filter(({ timed }) => timed)
  const results = {}
  for (const labels of quick ? LABEL_COUNTS.slice(0, 1) : LABEL_COUNTS) {
    say(`${AT_ONCE} pictures at once, ${labels} labels`)
    const requests = []
    const files = []
    for (let i = 0; i < AT_ONCE; i++) {
      const image = await candidates[i % candidates.length].open()
      const { width, height, data } = image
      const energies = unaryEnergies('soft', new Random('bench crf', 'at once', i), labels, height, width)
      requests.push(refineRequest(image, energies, SETTINGS, 1))
      files.push({ image: join(folder, `image${i}.npy`), unary: join(folder, `unary${i}.npy`) })
      await npy.writeNpy(files[i].image, { dtype: 'uint8', shape: [height, width, 3], data })
      await npy.writeNpy(files[i].unary, { dtype: 'float32', shape: [labels, height, width], data: energies })
    }
    const theirs = await peerAtOnce(peer, files, SETTINGS, threads)
    const inTurn = await oursAtOnce(addon, requests, 1)
    const atOnce = await oursAtOnce(addon, requests, threads)
    results[labels] = { pictures: AT_ONCE, peer: theirs, inTurn, atOnce }
    const rate = (seconds) => `${(AT_ONCE / seconds).toFixed(2)} a second`
    console.log(
      `${AT_ONCE} pictures at once, ${labels} labels: ours ${rate(atOnce)} on ${threads} cores (one after the other ` +
        `${rate(inTurn)}), pydensecrf2 ${rate(theirs)} in ${threads} processes: ${ratio(theirs / atOnce)}`,
    )
  }
  return results
}

async function compareQuality(addon, { quick, threads, markdown }) {
  const limit = quick ? 8 : Number.POSITIVE_INFINITY
  const onPicture = (name) => say(`Degrading and refining the true mask of ${name}`)
  const rows = await measureQuality(addon, { limit, threads, onPicture })
  const all = [...rows, ...overallQuality(rows)]
  printQuality(all, markdown)
  return all
}
