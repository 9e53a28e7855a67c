// Masks of every row on photographs that were not trained on.
import { camsOf, preparePicture } from '../../dist/cam/picture.js'
import { RunDirectory } from '../../dist/checkpoints/runDirectory.js'
import { idsOf } from '../../dist/datasets/classes/ids.js'
import { openDataset } from '../../dist/datasets/open.js'
import { chooseCompute } from '../../dist/models/devices.js'
import { MaskGenerator } from '../../dist/models/maskGenerator.js'
import { openLearnedPrompts } from '../../dist/prompts/learnedPrompts.js'
import { loadWeights } from '../../dist/runs/initialWeights.js'
import { AblationScorer } from '../../dist/runs/report/ablationScorer.js'
import { RefinedRow } from '../../dist/runs/report/refined.js'
import { openRows } from '../../dist/runs/report/rows.js'
import { generatorConfig } from '../../dist/runs/runModels.js'
import { trainedGenerator } from '../../dist/runs/trainedGenerator.js'

/** Rows whose masks are refined too. */
const REFINED = new Set(['CAM', 'matching', 'SemPLeS'])

/**
 * Scores of every row: at `threshold`, at its own best one (chosen on these pictures), and after the dense CRF at
 * `threshold`; the mean average precision of stage 0; the words nearest to each prompt.
 */
export async function judgeRuns({ run, control, other }, data, { threshold, threads, words }) {
  await chooseCompute('cpu', threads)
  const dataset = await openDataset(data, 'val')
  const directory = await RunDirectory.open(run)
  const config = await directory.readConfig()
  const rows = [
    await untrained(config, dataset),
    ...(await openRows(directory, config, dataset.classes, 'cpu')).map((row, at) => ({
      name: ['CAM', 'matching', 'SemPLeS'][at],
      generator: row.generator,
    })),
    await rowOf(control, 'control', dataset),
    await rowOf(other, "others' prompts", dataset),
  ].filter((row) => row !== undefined)
  const scorers = rows.map(() => new AblationScorer(dataset.classes, threshold))
  const refined = rows.map(({ name }) =>
    REFINED.has(name) ? new RefinedRow(dataset.classes, { preset: 'voc' }, threshold, name) : undefined,
  )
  const logits = []
  const labelled = dataset.items.filter(({ labels }) => labels.length > 0)
  for (const item of labelled) {
    const picture = await preparePicture(dataset, item, config.cams)
    const truth = await dataset.mask(item)
    for (const [at, { name, generator }] of rows.entries()) {
      const { cams, classes, height, width } = await camsOf(generator, picture, config.cams)
      const result = { cams, classIds: idsOf(dataset.classes, classes), height, width }
      const names = { prediction: item.id, groundTruth: item.id }
      scorers[at].add(result, truth, names)
      await refined[at]?.add(picture.image, result, truth, item.id)
      if (name === 'CAM') logits.push((await generator.cams(picture.scales.slice(0, 1), [], { flip: false })).logits)
    }
  }
  const scores = rows.map(({ name }, at) => {
    const { miou, best, perClass, curve } = scorers[at].row({ name, description: '' })
    return {
      name,
      miou,
      best,
      curve,
      perClass: Object.fromEntries(perClass.map(({ label, iou }) => [label, iou])),
      crf: refined[at]?.row().miou,
    }
  })
  for (const { generator } of rows) generator.dispose()
  return {
    pictures: labelled.length,
    map: meanAveragePrecision(logits, labelled, dataset.classes.classes.length),
    scores,
    prompts: await nearest(directory, config, dataset.classes, words),
  }
}

async function untrained(config, dataset) {
  if (config.generator.headStart !== 'imagenet') return undefined
  const generator = await MaskGenerator.create(generatorConfig(config, dataset, 'cpu'))
  await loadWeights(config, 'classify', generator, dataset)
  return { name: 'ImageNet head', generator }
}

async function rowOf(folder, name, { classes }) {
  if (folder === undefined) return undefined
  const run = await RunDirectory.open(folder)
  return { name, ...(await trainedGenerator(run, await run.readConfig(), classes, 'guide', 'cpu')) }
}

async function nearest(run, config, classes, words) {
  const { space } = config.prompt
  const prompts = await openLearnedPrompts(run, config.clip, classes, { device: 'cpu', space, words, notices: [] })
  if (prompts === undefined) return []
  prompts.clip.dispose()
  return prompts.named.map(({ label, words: [first] }) => ({ label, word: first.word, cosine: first.cosine }))
}

/** Mean over the classes that occur of the average precision of their logits (area under the stepwise curve). */
export function meanAveragePrecision(logits, items, classes) {
  const precisions = []
  for (let index = 0; index < classes; index++) {
    const ranked = items
      .map(({ labels }, at) => ({ score: logits[at][index], hit: labels.includes(index) }))
      .sort((one, other) => other.score - one.score)
    let hits = 0
    let sum = 0
    for (const [at, { hit }] of ranked.entries()) if (hit) sum += ++hits / (at + 1)
    if (hits > 0) precisions.push(sum / hits)
  }
  return precisions.reduce((sum, each) => sum + each, 0) / precisions.length
}
