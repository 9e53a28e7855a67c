import { mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../base/error.js'
import { makeFolders } from '../base/folders.js'
import { namesInOutput, outputExists } from '../base/outputs.js'
import { writeClassTable } from '../datasets/classes/classTableFile.js'
import { encodeMask } from '../masks/png.js'
import { loadSharp } from '../pictures/sharp.js'
import { annotation } from './annotation.js'
import { type Scene, scene } from './scene.js'
import { SCENE_CLASSES } from './vocabulary.js'

export interface WriteScenesOptions {
  /** The output folder. It may exist if it is empty or holds the same scenes already. */
  out: string
  /** Pictures for training. Default 300. */
  train?: number
  /** Pictures for evaluation, none of which is in the training set. Default 100. */
  val?: number
  /** Any safe integer. Default 0. */
  seed?: number
  /** Width and height in pixels. Default 96. */
  size?: number
  onProgress?(done: number, total: number): void
  signal?: AbortSignal
}

/** Version of the drawings, so that scenes of different versions are never mixed. */
const VERSION = 1

/** `writeScenes` of the public API, documented in lib/api/datasets.ts. */
export async function writeScenes(options: WriteScenesOptions): Promise<{ reused: boolean }> {
  const { out, train = 300, val = 100, seed = 0, size = 96 } = options
  for (const [field, value] of Object.entries({ train, val })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new SemplesError('SEMPLES_CONFIG_INVALID', {
        message: 'These scenes cannot be written.',
        field,
        value,
        expected: 'a non-negative integer',
      })
    }
  }
  const target = path.resolve(out)
  const recipe = `${JSON.stringify({ version: VERSION, seed, size, train, val })}\n`
  if ((await readFile(path.join(target, 'scenes.json'), 'utf8').catch(() => '')) === recipe) return { reused: true }
  if ((await namesInOutput(target)).length > 0) throw taken(target)
  // The folder has another name while it is made.
  let partial = `${target}.partial-`
  try {
    await makeFolders(path.dirname(target))
    partial = await mkdtemp(partial)
    await writeAll(partial, { ...options, train, val, seed, size })
    await writeFile(path.join(partial, 'scenes.json'), recipe)
    await moveIntoPlace(partial, target)
  } catch (cause) {
    if (cause instanceof SemplesError || options.signal?.aborted) throw cause
    throw new SemplesError('SEMPLES_WRITE_FAILED', {
      // That name means nothing to the reader.
      message: `Could not write scenes to ${target}: ${String(cause instanceof Error ? cause.message : cause).replaceAll(partial, target)}.`,
      file: target,
      hint: 'Nothing was left half-written. Check the free space and the permissions of the folder.',
      cause,
    })
  } finally {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined)
  }
  return { reused: false }
}

type Counts = Required<Pick<WriteScenesOptions, 'train' | 'val' | 'seed' | 'size'>>

async function writeAll(folder: string, options: WriteScenesOptions & Counts): Promise<void> {
  for (const name of ['JPEGImages', 'SegmentationClass', 'Annotations', 'ImageSets/Segmentation']) {
    await makeFolders(path.join(folder, name))
  }
  const { seed, size, onProgress, signal } = options
  const captions: string[] = []
  for (const split of ['train', 'val'] as const) {
    const ids: string[] = []
    const rows = ['file,labels']
    for (let index = 0; index < options[split]; index += 1) {
      signal?.throwIfAborted()
      const id = `${split}_${String(index).padStart(5, '0')}`
      const drawn = scene(seed, index, { size, stream: split })
      await writeScene(folder, id, drawn)
      const labels = drawn.labels.map((label) => SCENE_CLASSES.classes[label]!.label)
      ids.push(id)
      rows.push(`${id}.jpg,${labels.join(';')}`)
      captions.push(JSON.stringify({ id, caption: drawn.caption, labels, background: drawn.background }))
      onProgress?.(captions.length, options.train + options.val)
    }
    await writeFile(path.join(folder, `ImageSets/Segmentation/${split}.txt`), lines(ids))
    await writeFile(path.join(folder, `${split}.csv`), lines(rows))
  }
  await writeFile(path.join(folder, 'captions.jsonl'), lines(captions))
  await writeClassTable(path.join(folder, 'classes.json'), SCENE_CLASSES)
}

async function writeScene(folder: string, id: string, drawn: Scene): Promise<void> {
  const { pixels, width, height, mask } = drawn
  const sharp = await loadSharp()
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer()
  await Promise.all([
    writeFile(path.join(folder, 'JPEGImages', `${id}.jpg`), jpeg),
    writeFile(path.join(folder, 'SegmentationClass', `${id}.png`), encodeMask(mask)),
    writeFile(path.join(folder, 'Annotations', `${id}.xml`), annotation(id, drawn)),
  ])
}

/** Renames the finished folder, unless the target exists and is not empty. */
async function moveIntoPlace(partial: string, target: string): Promise<void> {
  try {
    await rmdir(target)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOTEMPTY' || code === 'ENOTDIR') {
      throw taken(target, cause)
    }
    if (code !== 'ENOENT') throw cause
  }
  await rename(partial, target)
}

function taken(target: string, cause?: unknown): SemplesError {
  return outputExists(`${target} holds something other than these scenes.`, target, {
    hint: 'Choose a folder that is new or empty (out, --out).',
    cause,
  })
}

const lines = (rows: readonly string[]): string => rows.map((row) => `${row}\n`).join('')
