import { resolve } from 'node:path'
import type { Cli, Jobs } from '../../lib/cli/cli.js'
import { runCommand } from '../../lib/cli/program.js'
import type { Evaluation } from '../../lib/evaluate/evaluate.js'
import type { TrainingPlan } from '../../lib/runs/planTraining.js'
import type { TrainSegmenterResult } from '../../lib/runs/segment/trainSegmenter.js'
import type { RunResult } from '../../lib/runs/trainSemPLeS.js'
import type { TuneResult } from '../../lib/runs/tuneRefinement.js'

export interface Ran {
  status: number
  /** Lines of standard output and standard error. */
  out: string[]
  err: string[]
  /** Names of the jobs that were called, with what they were given. */
  calls: [keyof Jobs, Record<string, unknown>][]
}

export const runResult: RunResult = {
  out: '/runs/boats',
  classes: { name: 'boats', classes: [] },
  stages: [{ name: 'match', epochs: 2, steps: 20, firstLoss: 2.5, lastLoss: 1.25, seconds: 75 }],
  warnings: ['The generator starts from RANDOM weights: masks will be poor.'],
}

export const segmenterResult: TrainSegmenterResult = {
  out: '/runs/boats/segmenter',
  classes: { name: 'boats', classes: [] },
  stages: [{ name: 'segment', epochs: 2, steps: 20, firstLoss: 2.5, lastLoss: 1.25, seconds: 75 }],
  warnings: ['1 of 9 pictures has no mask in masks, and is left out: p03.'],
}

export const trainingPlan: TrainingPlan = {
  out: '/runs/boats',
  data: { name: 'boats', pictures: 10, labelled: 9, classes: ['boat', 'cat'] },
  stages: [
    {
      name: 'match',
      title: 'segment-label matching',
      epochs: 2,
      steps: 3,
      batch: 4,
      atOnce: 2,
      learningRate: 6.4e-5,
      peakBytes: 1.5 * 2 ** 30,
      hours: 0.5,
      diskBytes: 2 ** 20,
    },
  ],
  after: [{ name: 'labels', title: 'thresholds of predicted labels', pictures: 9, hours: 0.25 }],
  device: 'device cpu, 2 threads, LibTorch 2.13.0',
  freeBytes: 8 * 2 ** 30,
  hours: 0.5,
  timing: 'From two steps.',
  diskBytes: 2 ** 20,
  missing: [],
  notices: ['One picture is odd.'],
}

export const evaluation: Evaluation = {
  miou: 0.5,
  falsePositive: 0.1,
  falseNegative: 0.2,
  precision: 0.75,
  recall: 0.6,
  warnings: [],
  pictures: 7,
  perClass: [
    { id: 0, label: 'background', iou: 0.75, precision: 0.8, recall: 0.9 },
    { id: 1, label: 'boat', iou: 0.25, precision: 0.7, recall: 0.3 },
    { id: 2, label: 'cat', iou: Number.NaN, precision: Number.NaN, recall: Number.NaN },
  ],
}

const coco = { preset: 'coco' as const, options: { preset: 'coco' as const }, miou: 0.5 }
const drawn = {
  options: { gaussian: { sxy: 2, compat: 3 }, bilateral: { sxy: 60, srgb: 7, compat: 8 }, gtProb: 0.8 },
  miou: 0.6,
}

export const tuned: TuneResult = {
  settings: [drawn, coco],
  best: { ...drawn, heldOut: 0.55 },
  standard: { ...coco, heldOut: 0.5 },
  gain: 0.05,
  tuning: ['a', 'c'],
  heldOut: ['b'],
  others: 0,
  failed: [],
  warnings: ['few pictures'],
}

/** Runs a command with jobs that do nothing but what `jobs` says. */
export async function run(words: string[], jobs: Partial<Jobs> = {}, change: Partial<Cli> = {}): Promise<Ran> {
  const ran: Ran = { status: 0, out: [], err: [], calls: [] }
  const standard: Jobs = {
    train: async () => runResult,
    plan: async () => trainingPlan,
    masks: async ({ out }) => ({
      out,
      pictures: 3,
      skipped: 0,
      unlabelled: 1,
      labels: 'given',
      threshold: 0.45,
      stage: 'guide',
      warnings: ['The generator starts from RANDOM weights: masks will be poor.'],
    }),
    trainSegmenter: async () => segmenterResult,
    predictMasks: async ({ out }) => ({
      out: resolve(out),
      kind: 'segmenter',
      pictures: 2,
      skipped: 1,
      found: { harbour: { boat: 0.3125, person: 0.0004 }, quay: {} },
      warnings: ['one picture is odd'],
    }),
    refine: async ({ out }) => ({
      refined: 2,
      skipped: 1,
      failed: [],
      seconds: 0.5,
      warnings: [],
      out,
    }),
    tune: async () => tuned,
    evaluate: async () => evaluation,
    report: async ({ run: folder, out }) => ({
      path: out ?? `${folder}/report.html`,
      pictures: 2,
      ablation: [
        { name: 'cam', description: '', miou: 0.25, perClass: [], pictures: 2, best: { threshold: 0.5, miou: 0.5 } },
      ],
      segmenters: [],
      prompts: [{ classId: 1, label: 'boat', words: [{ word: 'water', cosine: 0.75 }] }],
      notices: ['The gallery is of photos.'],
    }),
    exportRun: async ({ out }) => ({
      path: resolve(out),
      format: 'pth',
      bytes: 88_250_000,
      tensors: 160,
      parameters: 22_050_000,
      prompts: [2, 30, 512],
      classes: ['boat', 'cat'],
      stage: 'guide',
      epoch: 60,
      python: 'weights = torch.load("boats.pth")',
      warnings: ['Stage prompt is not finished.'],
    }),
    writeVocSubmission: async ({ out, competition = 'comp6', set = 'test' }) => ({
      path: resolve(out),
      bytes: 1_250_000,
      pictures: 1456,
      competition,
      set,
      folder: `results/VOC2012/Segmentation/${competition}_${set}_cls`,
      voidPixels: 1200,
      voidPictures: 2,
    }),
    checkVocSubmission: async () => ({
      canSubmit: true,
      folders: ['results/VOC2012/Segmentation/comp6_test_cls'],
      listed: 1456,
      pictures: 1456,
      findings: [],
    }),
    writeCocoResults: async ({ out }) => ({
      path: resolve(out),
      bytes: 2_500_000,
      pictures: 3,
      entries: 5,
      empty: 1,
      categories: { person: 1, toothbrush: 90 },
      imageIds: 'number',
    }),
    writeScenes: async () => ({ reused: false }),
    exportFolder: async ({ out }) => ({
      out: resolve(out),
      source: 'coco2014 train2014',
      pictures: 3,
      unlabelled: 1,
      masks: 2,
      classes: 80,
      warnings: ['one picture is odd'],
      data: { folder: `${out}/images`, labels: `${out}/labels.csv`, classes: `${out}/classes.json` },
    }),
    exportMasks: async ({ out, format }) => ({
      out: resolve(out),
      format,
      pictures: 3,
      kept: 0,
      objects: 7,
      small: 2,
      withoutMask: 1,
      classes: ['boat', 'cat'],
      failed: [],
    }),
    checkData: async () => ({
      canTrain: true,
      kind: 'a folder of pictures',
      name: 'folder photos',
      labels: 'labels.csv: header file,labels, 3 pictures, 2 classes',
      pictures: 3,
      unlabelled: 1,
      classes: [
        { id: 1, label: 'boat', prompt: 'sailing boat', pictures: 2 },
        { id: 2, label: 'cat', prompt: 'cat', pictures: 0 },
      ],
      masks: 0,
      unreadable: [],
      duplicates: [],
      findings: [{ level: 'warning', message: 'No picture shows cat.', advice: 'Add pictures of it.' }],
    }),
    inspect: async (path) => ({
      path,
      kind: 'picture',
      what: 'a JPEG picture',
      facts: [{ name: 'size', text: '4x3' }],
      notes: [],
    }),
    demo: async ({ seed = 0, out = `runs/demo-${seed}` } = {}) => ({
      seed,
      seconds: 61.4,
      ablation: [
        {
          name: 'cam',
          description: 'first',
          miou: 0.2,
          perClass: [],
          pictures: 9,
          best: { threshold: 0.4, miou: 0.25 },
        },
        {
          name: 'semples',
          description: 'last',
          miou: 0.5,
          perClass: [],
          pictures: 9,
          best: { threshold: 0.6, miou: 0.55 },
        },
      ],
      control: { name: 'control', description: 'without', miou: 0.4, perClass: [], pictures: 9 },
      segmenters: [],
      prompts: [{ classId: 19, label: 'train', words: [{ word: 'rails', cosine: 0.9 }] }],
      vocabulary: ['rails', 'water'],
      threshold: 0.5,
      out: resolve(out),
      run: resolve(out, 'run'),
      report: resolve(out, 'report.html'),
      notices: [],
    }),
    ensureLibTorch: async () => undefined,
    ensureWeights: async () => undefined,
  }
  const record =
    <T, R>(name: keyof Jobs, job: (input: T) => Promise<R>) =>
    (input: T) => {
      ran.calls.push([name, input as Record<string, unknown>])
      return job(input)
    }
  const {
    train,
    plan,
    masks,
    trainSegmenter,
    predictMasks,
    refine,
    tune,
    evaluate,
    report,
    exportRun,
    writeVocSubmission,
    checkVocSubmission,
    writeCocoResults,
    writeScenes,
    exportFolder,
    exportMasks,
    checkData,
    inspect,
    demo,
    ensureLibTorch,
    ensureWeights,
  } = {
    ...standard,
    ...jobs,
  }
  ran.status = await runCommand(words, {
    jobs: {
      train: record('train', train),
      plan: record('plan', plan),
      masks: record('masks', masks),
      trainSegmenter: record('trainSegmenter', trainSegmenter),
      predictMasks: record('predictMasks', predictMasks),
      refine: record('refine', refine),
      tune: record('tune', tune),
      evaluate: record('evaluate', evaluate),
      report: record('report', report),
      exportRun: record('exportRun', exportRun),
      writeVocSubmission: record('writeVocSubmission', writeVocSubmission),
      checkVocSubmission: record('checkVocSubmission', checkVocSubmission),
      writeCocoResults: record('writeCocoResults', writeCocoResults),
      writeScenes: record('writeScenes', writeScenes),
      exportFolder: record('exportFolder', exportFolder),
      exportMasks: record('exportMasks', exportMasks),
      checkData: record('checkData', checkData),
      inspect: (path) => {
        ran.calls.push(['inspect', { path }])
        return inspect(path)
      },
      demo: record('demo', demo),
      ensureLibTorch: record('ensureLibTorch', ensureLibTorch),
      ensureWeights: record('ensureWeights', ensureWeights),
    },
    terminal: { out: (line) => ran.out.push(line), err: (line) => ran.err.push(line), color: false },
    signal: new AbortController().signal,
    status: 0,
    ...change,
  })
  return ran
}

/** What the job `name` was given. */
export function given(ran: Ran, name: keyof Jobs): Record<string, unknown> {
  const call = ran.calls.find(([job]) => job === name)
  if (call === undefined) throw new Error(`${name} was not called; it said: ${ran.err.join('\n')}`)
  return call[1]
}
