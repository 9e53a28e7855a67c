// Masks of a run and of its segmentation models on photographs that were not trained on.
import { camsOf, preparePicture } from '../../dist/cam/picture.js'
import { RunDirectory } from '../../dist/checkpoints/runDirectory.js'
import { idsOf, idsWithBackground } from '../../dist/datasets/classes/ids.js'
import { openDataset } from '../../dist/datasets/open.js'
import { ConfusionCounter } from '../../dist/evaluate/confusion.js'
import { scores } from '../../dist/evaluate/scores.js'
import { maskFromCams } from '../../dist/masks/threshold.js'
import { chooseCompute } from '../../dist/models/devices.js'
import { RefinedRow } from '../../dist/runs/report/refined.js'
import { openRows } from '../../dist/runs/report/rows.js'
import { openSegmented } from '../../dist/runs/report/segmented.js'

/**
 * @param ownLabels segmentation models choose among the background and the classes that the picture's labels name
 */
export async function judgeSegmenters(folder, data, { threads, ownLabels }) {
  const compute = await chooseCompute('cpu', threads)
  const dataset = await openDataset(data, 'val')
  const { classes } = dataset
  const ids = idsWithBackground(classes)
  const run = await RunDirectory.open(folder)
  const config = await run.readConfig()
  const { threshold } = config.masks
  const [{ generator }] = await openRows(run, config, classes, 'cpu')
  const models = [
    ...(await openSegmented(run, compute, [])),
    ...(await openSegmented(run, compute, [], { refine: 'deeplab' })).map((model) =>
      Object.assign(model, { name: `${model.name} + CRF` }),
    ),
  ]
  const counters = new Map()
  const count = (name, mask, truth, item) => {
    if (!counters.has(name)) counters.set(name, new ConfusionCounter(ids))
    counters.get(name).add(mask, truth, { prediction: item.id, groundTruth: item.id })
  }
  const refined = new RefinedRow(classes, { preset: 'deeplab' }, threshold, 'CAM')
  // Pictures without a class are judged where ground truth names every class.
  const items = ownLabels ? dataset.items.filter(({ labels }) => labels.length > 0) : dataset.items
  for (const item of items) {
    const picture = await preparePicture(dataset, item, config.cams)
    const truth = await dataset.mask(item)
    const { cams, classes: present, height, width } = await camsOf(generator, picture, config.cams)
    const result = { cams, classIds: idsOf(classes, present), height, width }
    count('CAM, told the labels', maskFromCams({ ...result, threshold }), truth, item)
    await refined.add(picture.image, result, truth, item.id)
    for (const model of models) {
      const labels = ownLabels ? item.labels.map((index) => classes.classes[index].label) : undefined
      const { mask } = await model.segment(picture.image, item.id, labels)
      const told = ownLabels ? 'among the labels' : 'told nothing'
      count(`${model.name}, ${told}`, mask, truth, item)
    }
  }
  generator.dispose()
  for (const model of models) model[Symbol.dispose]()
  const rows = [...counters].map(([name, counter]) => ({
    name,
    miou: scores(counter.confusion()).miou,
    pictures: items.length,
  }))
  return rows.toSpliced(1, 0, { name: 'CAM + CRF, told the labels', miou: refined.row().miou, pictures: items.length })
}
