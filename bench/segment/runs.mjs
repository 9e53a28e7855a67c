// One seed: a mask generator from labels, its masks after the CRF, and the segmentation models that learn from them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { segmentSettings } from '../../dist/config/segment/resolve.js'
import { applySettings } from '../../dist/config/settings.js'
import { segmentRun } from '../../dist/runs/segment/ofRun.js'
import { trainSemPLeS } from '../../dist/runs/trainSemPLeS.js'

/**
 * Trains what is not there yet. @returns the folder of the run, with its segmentation models in it
 *
 * @param truth folder of masks for the upper bound
 * @param settings fields of the segmentation model's config beside the preset, for trials
 */
export async function trainAll({ data, truth, seed, threads, out, settings }) {
  const run = join(out, 'run')
  const there = existsSync(join(run, 'run.json'))
  await trainSemPLeS(
    there ? { resume: run } : { preset: 'photos', stages: ['classify'], data, seed, threads, out: run, report: false },
  )
  const changes = applySettings({}, settings, segmentSettings)
  await segmentRun(run, 'segmenter', { changes })
  if (truth !== undefined)
    await segmentRun(run, 'upper-bound', { changes: { ...changes, data: { ...data, masks: truth } } })
  return run
}
