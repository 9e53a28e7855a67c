import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import type { MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import type { NativeTrainingBatch } from '../../lib/native/addon.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'

/** Whether there is an addon and a LibTorch: npm test builds and fetches them first. */
export const hasNative = needs('build').isPresent

/** A block of tests that need the addon. */
export const describeNative = needs('build').describe

/** A mask generator that takes a few milliseconds a step. */
export const tiny = {
  kind: 'weaktr',
  imageSize: 32,
  patchSize: 8,
  width: 16,
  depth: 2,
  heads: 2,
  classes: 3,
  seed: 5,
} satisfies MaskGeneratorConfig

/** Pixels that differ everywhere, the same on each call. */
export function pixels(count: number, size = tiny.imageSize): Uint8Array {
  return Uint8Array.from({ length: count * size * size * 3 }, (_, index) => (index * 2654435761) >>> 24)
}

/** Two pictures; classes 0 and 2 in the first, 1 in the second. */
export function batch(changes: Partial<NativeTrainingBatch> = {}): NativeTrainingBatch {
  const size = tiny.imageSize
  const labels = Uint8Array.of(1, 0, 1, 0, 1, 0)
  return { pixels: pixels(2), count: 2, height: size, width: size, labels, learningRate: 1e-3, seed: 1, ...changes }
}

/** Weights of loss terms. */
export const classification = { class_logits: 1, coarse_logits: 1, fine_logits: 1 }
export const matching = { match: 1, background_text: 2.4 }

export function float32(shape: number[], value: number | ((index: number) => number) = 0): TensorData {
  const length = shape.reduce((product, size) => product * size, 1)
  const of = typeof value === 'number' ? () => value : value
  return { dtype: 'float32', shape, data: Float32Array.from({ length }, (_, index) => of(index)) }
}

export function int64(shape: number[], values: number[]): TensorData {
  return { dtype: 'int64', shape, data: BigInt64Array.from(values, BigInt) }
}

/** Names of the tensors that are not the same in both, bit for bit; [] where all are. */
export function differences(first: TensorMap, second: TensorMap): string[] {
  const names = new Set([...Object.keys(first), ...Object.keys(second)])
  return [...names].filter((name) => {
    const [a, b] = [first[name], second[name]]
    return a === undefined || b === undefined || `${a.shape}` !== `${b.shape}` || !bytes(a).equals(bytes(b))
  })
}

function bytes({ data }: TensorData): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** One text a class for the CLIPs of archives.py (16 tokens): start, two words of its own, end. */
export function textIds(classes = tiny.classes, length = 16): TensorData {
  const rows = Array.from({ length: classes }, (_, index) => [49406, 320 + index, 1000 + 7 * index, 49407])
  return int64(
    [classes, length],
    rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(0)]),
  )
}

/** Tests on the archives of archives.py, which are written once before them. */
export function describeArchives(title: string, body: (archive: (name: string) => string) => void): void {
  needs('build', 'python').describe(title, () => {
    let folder = ''
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'semples-archives-'))
      await runScript('test/native/archives.py', folder)
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))
    body((name) => join(folder, `${name}.pt`))
  })
}
