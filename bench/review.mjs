// npm run bench -- review [--seeds 7,8,9] [--refine PRESET] [--out FOLDER] [--json]: how well the score of `semples masks
// --review` ranks masks of drawn scenes by their true mean IoU. FOLDER/<seed> keeps scenes and runs, and may be those of
// `npm run bench -- demo --out FOLDER` or of `semples demo --out FOLDER/<seed>`. Minutes a seed that is to be trained.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { spearman } from './review/spearman.mjs'

/** What is compared with the true IoU: columns of review.csv, and what is known without any review. */
const RANKED = {
  score: ({ score }) => score,
  scales: ({ scales }) => scales,
  mirror: ({ mirror }) => mirror,
  refined: ({ refined }) => refined,
  'class score': ({ classScore }) => classScore,
  foreground: ({ foreground }) => foreground,
  'fewer labels': ({ labels }) => -labels,
}

/** Pictures that somebody would look at first. */
const FIRST = 10

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      seeds: { type: 'string', default: '7,8,9' },
      refine: { type: 'string', default: 'deeplab' },
      out: { type: 'string' },
      threads: { type: 'string', default: 'auto' },
      json: { type: 'boolean', default: false },
    },
  })
  const threads = values.threads === 'auto' ? 'auto' : Number(values.threads)
  const folder = values.out ?? (await mkdtemp(join(tmpdir(), 'semples-bench-review-')))
  const results = []
  try {
    for (const seed of values.seeds.split(',').map(Number)) {
      const at = join(folder, String(seed))
      await trained(at, seed, threads)
      for (const refine of [undefined, values.refine]) {
        results.push({ seed, refine: refine ?? 'none', ...figures(await reviewed(at, refine, threads)) })
        if (results.length === 1) console.log(header())
        console.log(line(results.at(-1)))
      }
    }
  } finally {
    if (values.out === undefined) await rm(folder, { recursive: true, force: true })
  }
  console.log(
    `Spearman's rho against the mean IoU of each picture; first ${FIRST}: mean IoU of the masks to look at first.`,
  )
  if (values.json) console.log(JSON.stringify(results))
  return 0
}

/** Scenes and a run of the preset `demo`, as the demo has them. */
async function trained(folder, seed, threads) {
  const { trainSemPLeS, writeScenes } = await import('../dist/index.js')
  const { RECIPE } = await import('../dist/runs/demo.js')
  const scenes = join(folder, 'scenes')
  await writeScenes({ out: scenes, train: RECIPE.train, val: RECIPE.val, seed })
  const out = join(folder, 'run')
  if (existsSync(join(out, 'run.json'))) await trainSemPLeS({ resume: out })
  else await trainSemPLeS({ preset: 'demo', data: dataOf(scenes, 'train'), out, seed, threads })
}

function dataOf(scenes, split) {
  return {
    folder: join(scenes, 'JPEGImages'),
    labels: join(scenes, `${split}.csv`),
    classes: join(scenes, 'classes.json'),
  }
}

/** The reviews of the masks of scenes that were not trained on, each with the true IoU and the number of labels. */
async function reviewed(folder, refine, threads) {
  const { generateMasks, readMask } = await import('../dist/index.js')
  const { openDataset } = await import('../dist/datasets/open.js')
  const { pictureFile } = await import('../dist/datasets/export/names.js')
  const scenes = join(folder, 'scenes')
  const data = dataOf(scenes, 'val')
  const out = await mkdtemp(join(tmpdir(), 'semples-bench-review-masks-'))
  try {
    const { review } = await generateMasks({ run: join(folder, 'run'), data, out, refine, review: true, threads })
    const rows = new Map(review.rows.map((row) => [row.picture, row]))
    const dataset = await openDataset({ ...data, masks: join(scenes, 'SegmentationClass') }, 'val')
    const all = []
    for (const item of dataset.items) {
      const mask = await readMask(join(out, `${item.id}.png`))
      const iou = await trueIou(mask, await dataset.mask(item), dataset.classes)
      all.push({ ...rows.get(pictureFile(item)), iou, labels: item.labels.length })
    }
    return all
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

async function trueIou(mask, truth, classes) {
  const { ConfusionCounter } = await import('../dist/evaluate/confusion.js')
  const { pictureIou, pictureMiou } = await import('../dist/evaluate/pictureIou.js')
  const { idsWithBackground } = await import('../dist/datasets/classes/ids.js')
  const counter = new ConfusionCounter(idsWithBackground(classes))
  counter.add(mask, truth)
  return pictureMiou(pictureIou(counter.confusion()))
}

function figures(pictures) {
  const ious = pictures.map(({ iou }) => iou)
  const single = pictures.filter(({ labels }) => labels === 1)
  const first = pictures.toSorted((one, other) => one.score - other.score).slice(0, FIRST)
  const rho = (of, among) =>
    spearman(
      among.map(of),
      among.map(({ iou }) => iou),
    )
  return {
    pictures: pictures.length,
    miou: mean(ious),
    first: mean(first.map(({ iou }) => iou)),
    worst: mean(ious.toSorted((one, other) => one - other).slice(0, FIRST)),
    rho: Object.fromEntries(
      Object.entries(RANKED).flatMap(([name, of]) =>
        of(pictures[0]) === undefined ? [] : [[name, rho(of, pictures)]],
      ),
    ),
    oneLabel: { pictures: single.length, rho: rho(RANKED.score, single) },
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

function header() {
  const names = [
    'seed',
    'refined by',
    'pictures',
    'mean IoU',
    `first ${FIRST}`,
    `worst ${FIRST}`,
    ...Object.keys(RANKED),
  ]
  return [...names, 'score, one label'].join('  ')
}

function line({ seed, refine, pictures, miou, first, worst, rho, oneLabel }) {
  const number = (value, name) => (value === undefined ? '-' : value.toFixed(2)).padStart(name.length)
  return [
    String(seed).padEnd(4),
    refine.padEnd('refined by'.length),
    String(pictures).padStart('pictures'.length),
    ...[number(miou, 'mean IoU'), number(first, `first ${FIRST}`), number(worst, `worst ${FIRST}`)],
    ...Object.keys(RANKED).map((name) => number(rho[name], name)),
    `${number(oneLabel.rho, '0.00')} (${oneLabel.pictures} pictures)`,
  ].join('  ')
}
