import { existsSync, readdirSync } from 'node:fs'
import { SemplesError } from '../base/error.js'
import { freeMemory } from '../base/memory.js'
import { notice, type OnProgress } from '../base/progress.js'
import { stagesOf } from '../config/stagesOf.js'
import type { RunConfig, TrainConfigInput } from '../config/types.js'
import type { Dataset } from '../datasets/dataset.js'
import { type Compute, chooseCompute } from '../models/devices.js'
import { VIT_B_32 } from '../models/memory/clip.js'
import type { LoggerOption } from '../native/logger.js'
import type { Stage } from '../stages/stage.js'
import type { MemoryCheck } from './memory/check.js'
import { checkTrainingMemory, towerOf } from './memory/training.js'
import { afterTraining, type PlannedStep } from './plan/after.js'
import { NOT_GIVEN, planConfig } from './plan/config.js'
import { type MissingItem, MissingList } from './plan/missing.js'
import { type PlannedStage, plannedStage } from './plan/stages.js'
import { secondsAPicture } from './plan/timing.js'
import { checkBatch, openValidation, tryClip, tryGenerator } from './preflight.js'
import { openTraining } from './prepare.js'
import { RunModels } from './runModels.js'
import { configWarnings } from './warnings.js'

export type { MissingItem, PlannedStage, PlannedStep }

export interface PlanOptions extends LoggerOption {
  /** Whether a few steps of each stage are made, in memory, to tell the hours. Default true. */
  timed?: boolean
  /** Whether a report is to be written at the end, as `report` of `trainSemPLeS`. Default false. */
  report?: boolean
  /** `off` and `warn` do not count too little memory as missing. Default `error`. */
  memoryCheck?: MemoryCheck
  onProgress?: OnProgress
  signal?: AbortSignal
}

/** What a training would do. */
export interface TrainingPlan {
  /** Absolute folder that a run would write; absent where none was given. */
  out?: string
  /** Absent where the data could not be opened. */
  data?: { name: string; pictures: number; labelled: number; classes: string[] }
  stages: PlannedStage[]
  /** What is done after the last stage, in order. */
  after: PlannedStep[]
  /** Device, threads and LibTorch in one line; absent without LibTorch. */
  device?: string
  /** Bytes that this process may take in all. */
  freeBytes: number
  /** Hours of all stages and what follows them; absent where nothing could be timed. */
  hours?: number
  /** How hours were estimated, or why they were not. */
  timing: string
  /** Bytes of all checkpoints. */
  diskBytes: number
  /** What is missing or wrong; empty where training can begin. */
  missing: MissingItem[]
  notices: string[]
}

/** `planTraining` of the public API, documented in lib/api/runs.ts. */
export async function planTraining(input: TrainConfigInput & PlanOptions): Promise<TrainingPlan> {
  const {
    timed = true,
    report = false,
    memoryCheck = 'error',
    onProgress: listener,
    signal,
    logger: _,
    ...settings
  } = input
  const missing = new MissingList()
  const notices: string[] = []
  const onProgress: OnProgress = (progress) => {
    if (progress.message !== undefined) notices.push(progress.message)
    listener?.(progress)
  }
  const config = planConfig(settings, missing)
  const compute = await missing.of(() =>
    chooseCompute(config?.device ?? 'auto', config?.threads ?? 'auto', config?.precision),
  )
  const free = { freeBytes: freeMemory().bytes + process.memoryUsage.rss() }
  const device = compute === undefined ? {} : { device: compute.description }
  const nothing = { stages: [], after: [], ...device, ...free, diskBytes: 0, missing: missing.items, notices }
  if (config === undefined) return { ...nothing, timing: 'Without data nothing can be timed.' }
  notices.push(...(compute?.warnings ?? []))
  checkOut(config, missing)
  const dataset = await missing.of(() => openTraining(config, onProgress))
  const out = config.out === NOT_GIVEN ? {} : { out: config.out }
  if (dataset === undefined) return { ...out, ...nothing, timing: 'Without data nothing can be timed.' }

  const stages = stagesOf(config)
  // Stand-ins are no choice of the user.
  const lacks = (code: string) => missing.items.some((item) => item.code === code)
  const lacksClip = config.clip.path === NOT_GIVEN
  for (const message of configWarnings(config))
    if (!(config.generator.weights === 'random' && lacks('SEMPLES_WEIGHTS_MISSING'))) notices.push(message)
  if (lacksClip && stages.some(({ needsClip }) => needsClip))
    notices.push("Memory is estimated with OpenAI's ViT-B/32 in place of the CLIP that is missing.")
  const onWarning = (message: string) => void notices.push(message)
  await lookAtInputs({ config, dataset, stages, compute, memoryCheck, onWarning }, missing)
  let timing = untimed(timed, missing.items, config.out, compute)
  let seconds: ReadonlyMap<string, number> = new Map()
  const times = timing === undefined
  if (timing === undefined) {
    listener?.(notice('plan', 'timing a few steps of each stage'))
    seconds = (await missing.of(() => secondsAPicture(config, dataset, compute!, stages, signal))) ?? seconds
    timing =
      'From two steps of at most 8 pictures of each stage, and of two pictures after training, made in memory on this machine and thrown away; without checkpoints.'
  }
  const facts = {
    config,
    dataset,
    clip: lacksClip ? VIT_B_32 : await towerOf(config),
    device: compute?.device,
    seconds,
  }
  const planned = stages.map((stage) => plannedStage(stage, facts))
  const after = await afterTraining(config, dataset, report, times ? compute : undefined, signal)
  const parts = [...planned, ...after]
  const hours = parts.every((part) => part.hours !== undefined)
    ? { hours: parts.reduce((sum, part) => sum + part.hours!, 0) }
    : {}
  const labelled = dataset.items.filter(({ labels }) => labels.length > 0).length
  const classes = dataset.classes.classes.map(({ label }) => label)
  return {
    ...out,
    ...nothing,
    data: { name: dataset.name, pictures: dataset.items.length, labelled, classes },
    stages: planned,
    after,
    ...hours,
    timing,
    diskBytes: planned.reduce((sum, { diskBytes }) => sum + diskBytes, 0),
  }
}

interface Inputs {
  config: RunConfig
  dataset: Dataset
  stages: readonly Stage[]
  compute: Compute | undefined
  memoryCheck: MemoryCheck
  onWarning(message: string): void
}

/** Opens and tries everything, and notes all that fails. */
async function lookAtInputs(
  { config, dataset, stages, compute, memoryCheck, onWarning }: Inputs,
  missing: MissingList,
) {
  for (const stage of stages) await missing.of(() => checkBatch(stage, dataset))
  if (config.select === 'miou') await missing.of(() => openValidation(config))
  const device = compute?.device ?? 'cpu'
  for (const stage of stages)
    await missing.of(() =>
      checkTrainingMemory(
        { config, dataset, stages: [stage], device },
        { check: memoryCheck === 'error' ? 'error' : 'off' },
      ),
    )
  if (compute === undefined) return
  const models = new RunModels(config, dataset, compute)
  try {
    await missing.of(() => tryGenerator(models, { config, dataset, stages }))
    const given = config.clip.path !== NOT_GIVEN
    if (given && stages.some(({ needsClip }) => needsClip))
      await missing.of(() => tryClip(models, { config, stages, onWarning }))
  } finally {
    await models.dispose()
  }
}

function checkOut({ out }: RunConfig, missing: MissingList): void {
  if (out === NOT_GIVEN || !existsSync(out)) return
  try {
    if (readdirSync(out).length === 0) return
  } catch {
    // A file, or a folder that may not be read.
  }
  missing.add(
    new SemplesError('SEMPLES_RUN_EXISTS', {
      message: `There is something in ${out} already.`,
      file: out,
      field: 'out',
      hint: `Choose another folder (--out), or go on with a run that is in it: semples train --resume ${out}`,
    }),
  )
}

/** Why nothing is timed; undefined where it can be. */
function untimed(
  timed: boolean,
  missing: readonly MissingItem[],
  out: string,
  compute: Compute | undefined,
): string | undefined {
  if (compute === undefined) return 'Hours are not estimated: there is no LibTorch to time steps with.'
  if (!timed) return 'Hours are not estimated: no steps were timed.'
  // A folder that is taken, or not given, keeps no step from being made.
  const isOut = ({ code, field }: MissingItem) =>
    code === 'SEMPLES_RUN_EXISTS' || (out === NOT_GIVEN && field === 'out')
  if (!missing.every(isOut)) return 'Hours are not estimated while something is missing.'
  return undefined
}
