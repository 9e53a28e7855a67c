import type { SemplesError } from '../../base/error.js'
import { itemProgress, type OnProgress } from '../../base/progress.js'
import { openClassTable } from '../../datasets/classes/builtIn.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { ConfusionCounter } from '../../evaluate/confusion.js'
import { scores } from '../../evaluate/scores.js'
import { VOID_ID } from '../../masks/labelMap.js'
import { maskPalette } from '../../masks/palette.js'
import type { ReadMaskOptions } from '../../masks/png.js'
import type { RefineOptions, RefineSettings } from '../../refine/options.js'
import { refineMasks } from '../../refine/refineMasks.js'
import { prepare } from '../../refine/refinePicture.js'
import type { RefineMasksOptions } from '../../refine/types.js'
import type { Candidate, Scope } from './candidates.js'
import type { JudgedInput } from './halves.js'

export interface JudgeOptions {
  /** Options of all settings. */
  given: RefineOptions
  /** Resources, class table and signal. */
  refining: RefineMasksOptions
  /** Class ids that masks may hold, 0 (background) among them. */
  ids: readonly number[]
  /** Pictures of all settings together. */
  total: number
  onProgress?: OnProgress
}

/** What the first settings made of all pictures. */
export interface FirstPass {
  tuning: number
  heldOut: number
  failed: { name: string; error: SemplesError }[]
  warnings: string[]
}

/** Refines pictures with settings and compares the masks with ground truth; nothing is written. */
export class Judge {
  private done = 0
  private readonly progress = itemProgress('tune')

  constructor(private readonly options: JudgeOptions) {}

  /** Mean IoU of either half, without pictures that fail. */
  async first(
    tuning: readonly JudgedInput[],
    heldOut: readonly JudgedInput[],
    candidate: Candidate,
  ): Promise<FirstPass> {
    const counters = [new ConfusionCounter(this.options.ids), new ConfusionCounter(this.options.ids)] as const
    const failed: FirstPass['failed'] = []
    const counterOf = (index: number) => counters[index < tuning.length ? 0 : 1]
    const warnings = await this.run([...tuning, ...heldOut], candidate, counterOf, failed)
    const [ofTuning, ofHeldOut] = counters.map((counter) => scores(counter.confusion()).miou)
    return { tuning: ofTuning!, heldOut: ofHeldOut!, failed, warnings }
  }

  /** Mean IoU of pictures of which none fails. */
  async miou(half: readonly JudgedInput[], candidate: Candidate): Promise<number> {
    const counter = new ConfusionCounter(this.options.ids)
    await this.run(half, candidate, () => counter)
    return scores(counter.confusion()).miou
  }

  /** @param failed takes what fails; without it the first failure is thrown */
  private async run(
    pictures: readonly JudgedInput[],
    candidate: Candidate,
    counterOf: (index: number) => ConfusionCounter,
    failed?: FirstPass['failed'],
  ): Promise<string[]> {
    const { given, refining, total, onProgress } = this.options
    const { preset: _, ...fixed } = given
    const settings = { ...fixed, ...candidate.options, ...refining }
    const refined = refineMasks(
      pictures.map(({ input }) => input),
      { ...settings, errors: failed === undefined ? 'throw' : 'collect' },
    )
    let index = 0
    for await (const { name, mask, error } of refined) {
      const { truth } = pictures[index]!
      const right = error === undefined ? await truth.read() : undefined
      if (error !== undefined) failed?.push({ name, error })
      if (right !== undefined)
        counterOf(index).add(mask!, right, { prediction: `the refined mask of ${name}`, groundTruth: truth.name })
      index++
      onProgress?.(this.progress(++this.done, total))
    }
    return (await refined.finished).warnings
  }
}

/** Pictures that are looked at. */
const MAX_LOOKED_AT = 20

/** What the first pictures are refined from; those that cannot be read say nothing. */
export async function scopeOf(
  pictures: readonly JudgedInput[],
  settings: RefineSettings,
  signal?: AbortSignal,
): Promise<Scope> {
  const scope = { scores: false, background: false }
  for (const { input } of pictures.slice(0, MAX_LOOKED_AT)) {
    if (input.failure !== undefined) continue
    const prepared = await prepare(input, settings, signal).catch(() => undefined)
    signal?.throwIfAborted()
    if (prepared === undefined || 'labelMap' in prepared.source.source) continue
    scope.scores ||= prepared.source.source.kind === 'probability'
    scope.background ||= prepared.source.source.background !== undefined
  }
  return scope
}

/** The class ids of masks, and how ground truth is read: by a class table, else every id is a class of its own. */
export async function truthTable(
  table: ClassTable | string | undefined,
): Promise<{ ids: readonly number[]; reading: ReadMaskOptions }> {
  if (table === undefined) return { ids: Array.from({ length: VOID_ID }, (_, id) => id), reading: {} }
  const classes = typeof table === 'string' ? await openClassTable(table) : table
  const ids = idsWithBackground(classes)
  return { ids, reading: { palette: maskPalette(classes.classes), ids } }
}
