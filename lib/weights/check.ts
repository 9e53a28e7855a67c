import { readFileSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { writeAtomic } from '../base/atomic.js'
import { fitsHash, sha256Of } from '../fetch/sha256.js'
import type { KnownWeights } from './description.js'
import { hasSize, placesOf, type WeightsPlace } from './places.js'

/** How far a file was compared with what its publisher states: by all of its sha256, by its first digits, not at all. */
export type CheckKind = 'sha256' | 'sha256Prefix' | 'none'

export function checkKind({ check }: KnownWeights): CheckKind {
  if (check.sha256 !== undefined) return 'sha256'
  return check.sha256Prefix === undefined ? 'none' : 'sha256Prefix'
}

/**
 * Whether a file is there whose bytes are those of the weights. Where their sha256 is not known whole, the one that was
 * computed when they were fetched is compared too; where nothing of it is known, only that one tells them.
 */
export async function holdsWeights(file: string, known: KnownWeights): Promise<boolean> {
  if (!hasSize(file, known)) return false
  const sha256 = await sha256OnceOf(file)
  if (!fitsHash(sha256, known.check)) return false
  const kind = checkKind(known)
  if (kind === 'sha256') return true
  const recorded = recordedHash(file)
  return recorded === undefined ? kind === 'sha256Prefix' : recorded === sha256
}

/** The first place that holds the weights; every file there is read whole. */
export async function placeHolding(known: KnownWeights): Promise<WeightsPlace | undefined> {
  for (const place of placesOf(known)) if (await holdsWeights(place.file, known)) return place
  return undefined
}

/** A line as sha256sum writes and checks it. */
const recordOf = (file: string): string => `${file}.sha256`

/** The sha256 that was computed when a file was fetched; undefined where none lies beside it. */
function recordedHash(file: string): string | undefined {
  try {
    return /^[0-9a-f]{64}(?= )/.exec(readFileSync(recordOf(file), 'utf8'))?.[0]
  } catch {
    return undefined
  }
}

/** Keeps the sha256 of a file beside it. */
export async function recordHash(file: string, sha256: string): Promise<void> {
  await writeAtomic(recordOf(file), `${sha256}  ${basename(file)}\n`)
}

export async function removeRecord(file: string): Promise<void> {
  await rm(recordOf(file), { force: true })
}

/** A file that was changed this shortly before it was read might be changed again with the same time. */
const UNSURE_MS = 2000

const computed = new Map<string, { version: string; sha256: string }>()

/** The sha256 of a file; a run asks several times for hundreds of megabytes, so it is computed anew when the file changed. */
async function sha256OnceOf(file: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = statSync(file)
  const version = [size, mtimeMs, ctimeMs, ino].join(' ')
  const before = computed.get(file)
  if (before?.version === version) return before.sha256
  const isSure = Date.now() - Math.max(mtimeMs, ctimeMs) > UNSURE_MS
  const sha256 = await sha256Of(file)
  if (isSure) computed.set(file, { version, sha256 })
  return sha256
}
