import type { TrainConfigInput } from '../config/types.js'
import { withLogger } from '../native/logger.js'
import type { DemoOptions, DemoRecipe, DemoResult } from '../runs/demo.js'
import type { ExportRunOptions, ExportRunResult } from '../runs/exportRun.js'
import type { PlanOptions, TrainingPlan } from '../runs/planTraining.js'
import type { ReportOptions, ReportResult } from '../runs/report.js'
import type { RunResult, TrainOptions } from '../runs/trainSemPLeS.js'

/**
 * Trains the SemPLeS stages (Lin et al., WACV 2025, arXiv 2401.11791) on pictures with image-level labels:
 * classification (0), segment-label matching (a), contrastive prompt learning (b), prompt-guided refinement (c).
 *
 * @param input a preset and what differs from it; `data`, `generator.weights`, `clip` and `out` have no default. For the
 *   others `semples config` lists the defaults. `resume` alone goes on with a run that was interrupted.
 * @returns folder, classes and a summary of each stage; times in seconds
 * @throws SemplesError for bad configuration, data, weights or a full disk, before anything is half-written; the
 *   reason of `signal` when aborted
 * @example
 * import { trainSemPLeS } from 'semples'
 *
 * const { stages } = await trainSemPLeS({
 *   preset: 'voc2012',
 *   data: { folder: 'photos', labels: 'labels.csv' }, // rows such as harbour.jpg,boat;bird
 *   generator: { weights: 'deit_small_patch16_224-cd65a155.pth' },
 *   clip: 'ViT-B-32.pt',
 *   out: 'runs/boats',
 * })
 * for (const { name, lastLoss } of stages) console.log(name, lastLoss.toFixed(3)) // e.g. classify 0.067
 */
export async function trainSemPLeS({ logger, ...input }: TrainConfigInput & TrainOptions): Promise<RunResult> {
  const { trainSemPLeS: train } = await import('../runs/trainSemPLeS.js')
  return withLogger(logger, () => train(input))
}

/**
 * What a training would do, without training: opens data, weights and CLIP, counts pictures and steps, estimates memory
 * from shapes and hours from a few steps that are made in memory, and lists all that is missing. Writes nothing. Goes as
 * far as it can without weights, CLIP or LibTorch.
 *
 * @param input as for `trainSemPLeS`; here everything but the data may be left out
 * @returns stages with steps, effective learning rate, bytes, hours; `missing` is empty where training can begin
 * @throws SemplesError for fields of the config that are wrong; the reason of `signal`
 * @example
 * import { planTraining } from 'semples'
 *
 * const { stages, hours, missing } = await planTraining({ preset: 'demo', data: { folder: 'photos', labels: 'labels.csv' } })
 * for (const { message, remedy } of missing) console.log(message, remedy)
 * for (const { name, epochs, steps } of stages) console.log(name, epochs * steps) // e.g. classify 144
 * console.log(hours?.toFixed(1)) // e.g. 0.1
 */
export async function planTraining({ logger, ...input }: TrainConfigInput & PlanOptions): Promise<TrainingPlan> {
  const { planTraining: plan } = await import('../runs/planTraining.js')
  return withLogger(logger, () => plan(input))
}

/**
 * Writes one self-contained HTML file about a run, finished or not: loss curves, masks of every stage with their scores
 * where there is ground truth, for each learned prompt a heat map and the nearest words, config and environment. Without
 * addon or LibTorch it has curves, config and environment.
 *
 * @returns path of the file, and its content in short; scores are fractions from 0 to 1
 * @throws SemplesError for a folder that is not a run, for data and labels in `options` that cannot be used, and for a
 *   threshold or number out of range; `SEMPLES_OUTPUT_EXISTS` where `out` is no report, `SEMPLES_WRITE_FAILED`; the
 *   reason of `signal`
 * @example
 * import { reportRun } from 'semples'
 *
 * const { path, ablation } = await reportRun({
 *   run: 'runs/boats',
 *   data: { folder: 'photos', labels: 'labels.csv', masks: 'truth' }, // true masks, to score each stage
 * })
 * console.log(`open ${path}`)
 * for (const { name, miou } of ablation) console.log(name, miou.toFixed(2)) // e.g. cam 0.20
 */
export async function reportRun({ logger, ...options }: ReportOptions): Promise<ReportResult> {
  const { reportRun: report } = await import('../runs/report.js')
  return withLogger(logger, () => report(options))
}

/**
 * Writes the trained generator of a run as one file for Python: its tensors (float32, bit for bit those of the run) under
 * the names of DeiT and WeakTr, torchvision or efficientnet-lite-pytorch; the learned `prompts` [classes, length, width];
 * labels, and what the network is: sizes, mean and std of its pictures, how maps are made. In a `.pth` these are the
 * entries `model`, `prompts`, `classes`, `config`, `stage`, `epoch` and `semples` of a dictionary; in safetensors all
 * but the tensors are texts of the metadata, `classes` and `config` as JSON. Needs neither addon nor LibTorch.
 *
 * @param run folder of the run; it need not be finished
 * @returns path, size and a line of Python that loads the file
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` where there is anything under that name, `SEMPLES_RUN_MISSING`,
 *   `SEMPLES_STAGE_MISSING` before the first epoch is finished, `SEMPLES_OPTION_INVALID` for a format, a stage or an epoch
 *   that there is not; `SEMPLES_WRITE_FAILED`
 * @example
 * import { exportRun } from 'semples'
 *
 * const { tensors, stage, prompts, python } = await exportRun('runs/boats', { out: 'boats.pth' })
 * console.log(tensors, stage) // e.g. 164 guide
 * console.log(prompts) // e.g. [ 3, 30, 512 ]
 * console.log(`In Python: ${python}`)
 */
export async function exportRun(run: string, options: ExportRunOptions): Promise<ExportRunResult> {
  return (await import('../runs/exportRun.js')).exportRun(run, options)
}

/**
 * Runs the whole method on drawn scenes, in minutes and without other weights or data: draws pictures in which each
 * class co-occurs with a typical background, trains all stages on their image-level labels with the small CLIP of the
 * package, evaluates the masks of each stage on pictures that were not trained on, and writes a report.
 *
 * @param options folder and seed; by default seed 0 in `runs/demo-0`. The same call goes on with an interrupted demo.
 * @param recipe sizes and settings; by default 300 scenes to train on, 100 to evaluate on and the preset `demo`
 * @returns scores as fractions from 0 to 1, and absolute paths
 * @throws SemplesError `SEMPLES_RUN_EXISTS`, `SEMPLES_OUTPUT_EXISTS` where `out` holds a demo of another seed or version,
 *   or something else under a name that it needs, and what `trainSemPLeS` throws
 * @example
 * import { runDemo } from 'semples'
 *
 * const { report, ablation, prompts } = await runDemo({ seed: 303 })
 * console.log(`open ${report}`)
 * for (const { name, miou } of ablation) console.log(name, miou.toFixed(2)) // e.g. cam 0.20
 * console.log(prompts[0].label, prompts[0].words.length) // e.g. train 3
 */
export async function runDemo({ logger, ...options }: DemoOptions = {}, recipe?: DemoRecipe): Promise<DemoResult> {
  const { runDemo: demo } = await import('../runs/demo.js')
  return withLogger(logger, () => demo(options, recipe))
}
