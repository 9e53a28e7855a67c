import { count } from '../../base/count.js'
import { isTorchFile } from '../../formats/pickle/torchFile.js'
import { PickledArray } from '../../formats/pickle/values.js'
import { pickledValue, shapesOfValue, torchArchiveValue } from '../../formats/weightShapes.js'
import { ZipArchive } from '../../formats/zip.js'
import { recogniseClip } from './clipArchive.js'
import { contentKind } from './contentKind.js'
import type { FileAtHand } from './fileAtHand.js'
import { sizeText } from './texts.js'
import type { Found, InspectedWeights } from './types.js'
import { nextFor, weightsFound } from './weights.js'

/** Weights in a zip archive of torch.save, or in a pickle; files of maps and labels are left to their readers. */
export async function torchWeights(file: FileAtHand): Promise<Found | undefined> {
  if (isZip(file)) {
    const entries = await entriesOf(file.path)
    if ([...entries.keys()].some((name) => /(^|\/)constants\.pkl$/.test(name))) return torchScript(file.path, entries)
    const value = await torchArchiveValue(file.path)
    if (value === undefined || contentKind(value) !== 'weights') return undefined
    return weightsFound(file.path, shapesOfValue(value, 'torch.save, a zip archive'))
  }
  if (file.head[0] !== 0x80 || (file.head[1] ?? 9) > 5) return undefined
  const value = await pickledValue(file.path)
  const inner = value instanceof PickledArray ? (value.objects?.items[0] ?? value) : value
  if (contentKind(inner) !== 'weights') return undefined
  const format = isTorchFile(file.head) ? 'torch.save before torch 1.6' : 'a pickle'
  return weightsFound(file.path, shapesOfValue(inner, format))
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
async function torchScript(path: string, entries: ReadonlyMap<string, number>): Promise<Found> {
  const storages = [...entries].filter(([name]) => /(^|\/)data\/\d+$/.test(name))
  const bytes = storages.reduce((sum, [, size]) => sum + size, 0)
  const { what, isClip, activation, refused } = await recogniseClip(path)
  const weights: InspectedWeights = {
    format: 'TorchScript',
    tensors: [],
    bytes,
    beside: [],
    placeholders: [],
    ...(isClip && refused === undefined ? { option: '--clip' as const } : {}),
    ...(activation ? { activation } : {}),
  }
  return {
    kind: 'weights',
    what: what ?? 'a TorchScript program of a network that semples does not know',
    facts: [
      ['format', `TorchScript, a program with its weights: ${count(storages.length, 'tensor')}, ${sizeText(bytes)}`],
      ...(activation ? [['activation', `${activation.value}: ${activation.because}`] as [string, string]] : []),
    ],
    ...(refused ? { refused } : {}),
    ...(isClip && refused === undefined ? { next: nextFor(path, '--clip') } : {}),
    weights,
  }
}
