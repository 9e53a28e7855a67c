import { existsSync } from 'node:fs'
import { SemplesError } from '../base/error.js'
import type { TensorData } from '../base/tensor.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import type { ClassTable } from '../datasets/dataset.js'
import { BackgroundPrompts } from '../models/backgroundPrompts.js'
import { Clip } from '../models/clip/clip.js'
import type { ClipOptions } from '../models/clip/clipOptions.js'
import { clipMissing } from '../models/missing.js'
import { weightsPath } from '../weights/find.js'
import { namingVocabulary } from './namingVocabulary.js'
import { type NearWord, nearestWords } from './nearestWords.js'

/** Number of words kept for each prompt. */
const WORDS = 16

/** A class's learned prompt with the words nearest to it. */
export interface NamedPrompt {
  classId: number
  label: string
  /** The nearest first. */
  words: NearWord[]
}

/** The learned prompts of a run with the CLIP that they were learned for. */
export interface LearnedPrompts {
  clip: Clip
  /** CLIP's features of the prompts, float32 [C, D]. */
  features: TensorData
  named: NamedPrompt[]
  /** Words among which the nearest were searched. */
  vocabulary: string[]
}

/**
 * Opens CLIP and names the learned prompts of a run; undefined before stage prompt. The caller disposes the CLIP.
 *
 * @param notices receives warnings about the words
 */
export async function openLearnedPrompts(
  run: RunDirectory,
  { path: given, activation, visionHeads, textHeads }: ClipOptions,
  { classes }: ClassTable,
  options: { device: string; space: 'words' | 'joint'; words?: readonly string[]; notices: string[] },
): Promise<LearnedPrompts | undefined> {
  const { device, space, words, notices } = options
  const learned = (await run.stage('prompt').load('best', ['prompts']))?.tensors.prompts?.prompts
  if (learned === undefined) return undefined
  const path = given === undefined ? undefined : await weightsPath(given, 'clip')
  if (path === undefined || !existsSync(path)) throw archiveMissing(path)
  const clip = await Clip.open({ path, activation, visionHeads, textHeads, device })
  try {
    const [, length = 0, width = 0] = learned.shape
    using prompts = await BackgroundPrompts.create({
      classes: classes.length,
      length,
      width,
      joint: space === 'joint',
      device,
    })
    await prompts.load(learned)
    const vocabulary = await namingVocabulary({ archive: path, prompts: classes.map(({ prompt }) => prompt), words })
    notices.push(...vocabulary.notices)
    const nearest = await nearestWords(clip, prompts, vocabulary.words)
    const named = classes.map(({ id, label }, index) => ({
      classId: id,
      label,
      words: nearest[index]!.slice(0, WORDS),
    }))
    return { clip, features: await prompts.encode(clip), named, vocabulary: vocabulary.words }
  } catch (error) {
    clip.dispose()
    throw error
  }
}

/** The rows of `features` at `indices`, float32 [indices, D]. */
export function featuresOf({ shape, data }: TensorData, indices: readonly number[]): TensorData {
  const width = shape[1]!
  const values = new Float32Array(indices.length * width)
  indices.forEach((index, row) => {
    values.set((data as Float32Array).subarray(index * width, (index + 1) * width), row * width)
  })
  return { dtype: 'float32', shape: [indices.length, width], data: values }
}

function archiveMissing(path = 'the CLIP of this run'): SemplesError {
  return new SemplesError('SEMPLES_CLIP_MISSING', {
    message: `There is no CLIP archive ${path} any more.`,
    file: path,
    field: 'clip.path',
    hint: clipMissing().hint,
  })
}
