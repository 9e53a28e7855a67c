import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { needsGolden } from './needs.js'
import { toNumbers } from './numbers.js'
import { restoreSparse } from './sparse.js'

const here = dirname(fileURLToPath(import.meta.url))

/**
 * The folder of reference tensors: `SEMPLES_GOLDEN`, else `../shared/golden` beside the repository, else the small
 * copies in test/golden/data. Sizes, kinds and class counts are read from what lies there, never assumed.
 */
export const goldenFolder = chooseFolder()

/** The capture groups of every file name of the folder that fits `pattern`, sorted: `/^stage_(.)_(.+)\.safetensors$/` → `[['a', 'coco'], …]`. */
export function goldenMatches(pattern: RegExp): string[][] {
  return readdirSync(goldenFolder)
    .sort()
    .map((name) => pattern.exec(name)?.slice(1))
    .filter((groups) => groups !== undefined)
}

/** The kinds there are of a file set: `goldenKinds('generator_forward_')` → `['coco', 'voc']`. */
export function goldenKinds(prefix: string): string[] {
  return goldenMatches(/^(.+)\.safetensors$/)
    .map(([name]) => name)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
}

/** One `describe` for each kind of a file set (`describeGolden('cam_generation_', (kind) => …)`); a skipped test with the reason where there is none. */
export function describeGolden(prefix: string, body: (kind: string) => void): void {
  const kinds = goldenKinds(prefix)
  if (kinds.length === 0) needsGolden(false).test(`${prefix}*.safetensors`, () => undefined)
  for (const kind of kinds) describe(`${prefix}${kind}`, () => body(kind))
}

/** A JSON file of the folder (`clip_config.json`). The caller names the shape it relies on. */
export function readGoldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(goldenFolder, name), 'utf8'))
}

/** A tensor file of the folder, by its name with or without `.safetensors`. */
export async function readGolden(name: string): Promise<GoldenFile> {
  const file = name.endsWith('.safetensors') ? name : `${name}.safetensors`
  const { tensors, metadata } = await readSafetensors(join(goldenFolder, file))
  return new GoldenFile(file, restoreSparse(tensors, metadata), metadata)
}

/**
 * Writes the files of the golden CLIP into a folder as Python reads them: the small copies of this repository hold some
 * tensors as the rows that are used.
 */
export async function writeGoldenClip(folder: string): Promise<void> {
  for (const [name] of goldenMatches(/^(clip_.+)$/)) {
    if (!name.endsWith('.safetensors')) await copyFile(join(goldenFolder, name), join(folder, name))
    else {
      const { tensors } = await readGolden(name)
      await writeSafetensors(join(folder, name), tensors)
    }
  }
}

export class GoldenFile {
  constructor(
    readonly name: string,
    readonly tensors: TensorMap,
    private readonly metadata: Record<string, string>,
  ) {}

  has(name: string): boolean {
    return Object.hasOwn(this.tensors, name)
  }

  /** A tensor by name; a clear failure where it is not there. */
  tensor(name: string): TensorData {
    if (!this.has(name)) throw new Error(`${this.name} has no tensor ${name}`)
    return this.tensors[name]
  }

  /** The elements of a tensor as numbers, whatever its dtype. */
  numbers(name: string): Float64Array {
    return toNumbers(this.tensor(name))
  }

  /** A one-element tensor as a number. */
  scalar(name: string): number {
    const numbers = this.numbers(name)
    if (numbers.length !== 1) throw new Error(`${this.name}: ${name} has ${numbers.length} elements, not one`)
    return numbers[0]
  }

  /** The tensors whose names start with `prefix`, by the rest of their names: `under('w.')` is a state dict. */
  under(prefix: string): TensorMap {
    const entries = Object.entries(this.tensors).filter(([name]) => name.startsWith(prefix))
    return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
  }

  /** A metadata entry: parsed where it is JSON, else the string itself. */
  meta<T>(key: string): T {
    const text = this.metadata[key]
    if (text === undefined) throw new Error(`${this.name} has no metadata ${key}`)
    try {
      return JSON.parse(text)
    } catch {
      return text as T
    }
  }

  hasMeta(key: string): boolean {
    return Object.hasOwn(this.metadata, key)
  }
}

function chooseFolder(): string {
  const named = process.env.SEMPLES_GOLDEN
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`SEMPLES_GOLDEN names ${named}, which is not there`)
    return resolve(named)
  }
  const shared = resolve(here, '../../../shared/golden')
  return existsSync(shared) ? shared : join(here, '../golden/data')
}
