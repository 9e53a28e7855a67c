import { join } from 'node:path'
import { runInSlices } from '../../base/cooperative.js'
import { indicesOf, labelScores } from '../../cam/labels.js'
import { type CamOptions, camsOf, scaledFor } from '../../cam/picture.js'
import type { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { StageName } from '../../config/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import { idsOf } from '../../datasets/classes/ids.js'
import { maskSteps } from '../../masks/threshold.js'
import type { Compute } from '../../models/devices.js'
import { thresholdsOf } from '../labelCalibration.js'
import { checkCamsMemory } from '../memory/cams.js'
import { readRunConfig } from '../readConfig.js'
import { refineCams } from '../refineCams.js'
import { trainedGenerator } from '../trainedGenerator.js'
import { configWarnings } from '../warnings.js'
import { checkPredictionOptions, type Refinement, refinementOf } from './options.js'
import type { FinishMask, Predictor } from './predictor.js'

/** Everything that decides a mask of a generator. */
interface GeneratorSettings extends CamOptions {
  threshold: number
  /** Indices of the classes that a mask may hold; undefined: those that are predicted. */
  labels: readonly number[] | undefined
  /** The lowest score of each predicted class. */
  thresholds: readonly number[] | undefined
  refine: Refinement | undefined
}

/** The mask generator of a run, with labels that it predicts or that are given, as what makes masks. */
export async function generatorPredictor(
  run: RunDirectory,
  compute: Compute,
  wanted: StageName | undefined,
): Promise<Predictor<GeneratorSettings>> {
  const config = await readRunConfig(run)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const { generator, ...trained } = await trainedGenerator(run, config, classes, wanted, compute)
  const stored = await thresholdsOf({ run, config, classes, trained })
  return {
    kind: 'generator',
    path: run.path,
    checkpoint: trained,
    classes,
    device: compute.device,
    precision: compute.precision,
    description: `masks of the mask generator of stage ${trained.stage}, ${compute.description}`,
    warnings: [...compute.warnings, ...configWarnings(config), ...stored.warnings],
    resolve(options) {
      checkPredictionOptions('generator', options)
      const { labels, threshold, labelThreshold, refine, scales, flip, side, maxSide } = options
      const own = Object.entries({ scales, flip, side, maxSide }).filter(([, value]) => value !== undefined)
      // Nothing was learned of a class whose threshold is infinite.
      const given = (found: number) => (Number.isFinite(found) ? (labelThreshold ?? found) : found)
      return {
        ...config.cams,
        ...Object.fromEntries(own),
        threshold: threshold ?? config.masks.threshold,
        labels: labels === undefined ? undefined : indicesOf(labels, 'labels', classes),
        thresholds: labels === undefined ? stored.thresholds.map(given) : undefined,
        refine: refinementOf(refine),
      }
    },
    checkMemory(pictures, settings, { maps, check, signal }) {
      const items = pictures.map((picture) => ({ ...picture, labels: settings.labels ?? [] }))
      const dataset = { name: '', classes, items, orientation: 'exif' as const, mask: async () => undefined }
      return checkCamsMemory(
        dataset,
        { ...config, cams: { ...config.cams, ...settings, scales: [...settings.scales] } },
        {
          predicted: settings.labels === undefined,
          writes: maps !== 'none',
          device: compute.device,
          check,
          ...(signal && { signal }),
        },
      )
    },
    scale: (image, settings) => scaledFor(image, settings),
    batchOf: () => ({ together: 1, key: '' }),
    async compute([job]) {
      const { picture: scaled, settings } = job!
      const { name, image, scales } = scaled
      const { threshold, thresholds, refine } = settings
      const picture = { item: { id: name, image: name, labels: [] as number[] }, image, scales }
      const predicted = async () => {
        const scores = await labelScores(generator, picture)
        return [...scores.keys()].filter((index) => scores[index]! >= thresholds![index]!)
      }
      const labels = settings.labels ?? (await predicted())
      const cams = await camsOf(generator, { ...picture, item: { ...picture.item, labels } }, settings)
      const { height, width } = cams
      const classIds = idsOf(classes, cams.classes)
      const finish: FinishMask = async (signal) => {
        const maps = { cams: cams.cams, classIds, height, width, threshold }
        const { data } =
          refine === undefined
            ? await runInSlices(maskSteps(maps), { signal })
            : (await refineCams(image, maps, { ...refine.options, threshold }, { signal })).mask
        return { ids: data, maps: { data: cams.cams, classIds, height, width } }
      }
      return [finish]
    },
    [Symbol.dispose]: () => generator.dispose(),
  }
}
