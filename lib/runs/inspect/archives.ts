import { count } from '../../base/count.js'
import { readPickle } from '../../formats/pickle/pickle.js'
import { isTorchFile, isTorchScript } from '../../formats/pickle/torchFile.js'
import type { PickleValue } from '../../formats/pickle/values.js'
import { shapesOfProgram, shapesOfValue, torchArchiveValue } from '../../formats/weightShapes.js'
import { asCheckpoint } from '../../formats/weightsErrors.js'
import { ZipArchive } from '../../formats/zip.js'
import { recogniseClip } from './clipArchive.js'
import { contentKind } from './contentKind.js'
import type { FileAtHand } from './fileAtHand.js'
import { sizeText } from './texts.js'
import type { Found } from './types.js'
import { nextFor, weightsFound } from './weights.js'

/** Weights in a zip archive of torch.save, or in a pickle; files of maps and labels are left to their readers. */
export async function torchWeights(file: FileAtHand): Promise<Found | undefined> {
  const isPickle = file.head[0] === 0x80 && (file.head[1] ?? 9) <= 5
  if (!isPickle && !isZip(file)) return undefined
  const { path } = file
  try {
    if (isPickle) {
      const value = readPickle(await file.read(), path, 0, true)
      const format = isTorchFile(file.head) ? 'torch.save before torch 1.6' : 'a pickle'
      return contentKind(value) === 'weights' ? await weightsFound(path, shapesOfValue(value, format, path)) : undefined
    }
    const entries = await entriesOf(path)
    const value = await torchArchiveValue(path)
    if (value === undefined) return undefined
    if (isTorchScript([...entries.keys()])) return torchScript(path, value)
    return contentKind(value) === 'weights'
      ? await weightsFound(path, shapesOfValue(value, 'torch.save', path))
      : undefined
  } catch (error) {
    throw asCheckpoint(error, path, file.size)
  }
}

export function isZip(file: FileAtHand): boolean {
  return file.startsWith(0x50, 0x4b, 3, 4) || file.startsWith(0x50, 0x4b, 5, 6)
}

/** Bytes of the files of a zip archive by path. */
export async function entriesOf(path: string): Promise<Map<string, number>> {
  const zip = await ZipArchive.open(path, path)
  try {
    return new Map(zip.paths.map((name) => [name, zip.sizeOf(name) ?? 0]))
  } finally {
    zip.close()
  }
}

/** A program with its weights: told by the names in it, and not run. */
async function torchScript(path: string, value: PickleValue): Promise<Found> {
  const shapes = shapesOfProgram(value)
  const { what, isClip, activation, refused } = await recogniseClip(path, value)
  const found = await weightsFound(path, shapes)
  const isTaken = isClip && refused === undefined
  const { option: _, report: __, config: ___, ...weights } = found.weights!
  return {
    kind: 'weights',
    what: what ?? 'a TorchScript program of a network that semples does not know',
    facts: [
      [
        'format',
        `TorchScript, a program with its weights: ${count(shapes.tensors.size, 'tensor')}, ${sizeText(weights.bytes)}`,
      ],
      ...found.facts!.filter(([name]) => name === 'numbers'),
      ...(activation ? [['activation', `${activation.value}: ${activation.because}`] as [string, string]] : []),
    ],
    ...(refused ? { refused } : {}),
    ...(isTaken ? { next: nextFor(path, '--clip') } : {}),
    weights: { ...weights, ...(isTaken ? { option: '--clip' as const } : {}), ...(activation ? { activation } : {}) },
  }
}
