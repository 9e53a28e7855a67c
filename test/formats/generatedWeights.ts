import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { readWeights, type Weights } from '../../lib/formats/stateDict.js'
import { python } from '../support/python.js'

interface Case {
  file: string
  /** Writer, protocol, prefix, forms and types of the tensors, what lies beside them. */
  says: string
  tensors: Record<string, { dtype: string; shape: number[]; sha256: string }>
  unread: Record<string, string>
  aside: string[]
  /** The code with which it has to be refused; all others have to be read. */
  refused?: string
}

/** Checkpoints that Python wrote from a seed; they are gone after `use`. */
async function generated<T>(
  count: number,
  seed: number,
  use: (cases: Case[], folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'semples-generated-'))
  try {
    const script = join(import.meta.dirname, 'generatedWeights.py')
    await promisify(execFile)(python, [script, folder, String(count), String(seed)])
    return await use(JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as Case[], folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export interface Outcome {
  read: number
  /** Files that have to be refused and were. */
  refused: number
  /** What is neither read as written nor refused where it has to be. */
  wrong: string[]
}

/** Reads so many generated checkpoints and compares every number with those written. */
export async function readGenerated(count: number, seed: number): Promise<Outcome> {
  return generated(count, seed, async (cases, folder) => {
    const outcome: Outcome = { read: 0, refused: 0, wrong: [] }
    for (const one of cases) {
      const found = await attempt(join(folder, one.file))
      if (found.weights === undefined) {
        if (one.refused !== undefined && found.code === one.refused) outcome.refused++
        else outcome.wrong.push(`${one.file} ${one.says}: ${found.message}`)
        continue
      }
      outcome.read++
      const difference = one.refused === undefined ? differenceOf(summary(found.weights), expected(one)) : 'it was read'
      if (difference !== undefined) outcome.wrong.push(`${one.file} ${one.says}: ${difference}`)
    }
    return outcome
  })
}

/** Cuts and changes bytes of generated checkpoints: each must be refused with a SemplesError, or read. */
export async function readDamaged(count: number, seed: number): Promise<Outcome> {
  const random = xoroshiro128plus(seed)
  const below = (limit: number) => uniformInt(random, 0, limit - 1)
  return generated(count, seed, async (cases, folder) => {
    const outcome: Outcome = { read: 0, refused: 0, wrong: [] }
    for (const one of cases) {
      const path = join(folder, one.file)
      const whole = await readFile(path)
      const isZip = whole.toString('latin1', 0, 2) === 'PK'
      const before = await attempt(path)
      for (let round = 0; round < 6; round++) {
        const cut = round < 2
        const damaged = cut ? whole.subarray(0, below(whole.length)) : Buffer.from(whole)
        const changes = Array.from(
          { length: cut ? 0 : 1 + below(3) },
          () => [below(whole.length), 1 + below(255)] as const,
        )
        for (const [at, by] of changes) damaged[at]! ^= by
        await writeFile(path, damaged)
        const { code, message, weights } = await attempt(path)
        const how = cut ? `cut at ${damaged.length}` : `changed at ${changes.map(([at]) => at)}`
        if (weights === undefined) {
          outcome.refused++
          if (code === undefined) outcome.wrong.push(`${one.file} ${one.says}, ${how}: ${message}`)
          continue
        }
        outcome.read++
        // An archive has checksums: what is read of it is what was written.
        const same =
          before.weights !== undefined && differenceOf(summary(weights), summary(before.weights)) === undefined
        if (cut || (isZip && !same)) outcome.wrong.push(`${one.file} ${one.says}, ${how}: it was read`)
      }
      await writeFile(path, whole)
    }
    return outcome
  })
}

interface Attempt {
  weights?: Weights
  /** Of a SemplesError; absent for every other failure. */
  code?: string
  message?: string
}

async function attempt(path: string): Promise<Attempt> {
  try {
    return { weights: await readWeights(path) }
  } catch (error) {
    const { name, code, message } = error as { name?: string; code?: string; message?: string }
    return name === 'SemplesError' ? { code, message } : { message: String(error) }
  }
}

interface Summary {
  tensors: unknown[]
  unread: unknown[]
  aside: string[]
}

/** What is compared: tensors with the hash of their numbers, the others with their type. */
function summary({ tensors, unread, aside }: Weights): Summary {
  const entries = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return [name, { dtype, shape, sha256: createHash('sha256').update(bytes).digest('hex') }]
  })
  return { tensors: entries, unread: [...unread], aside: aside.map(({ name }) => name) }
}

function expected({ tensors, unread, aside }: Case): Summary {
  return { tensors: Object.entries(tensors), unread: Object.entries(unread), aside }
}

/** The order in which a file holds its entries does not matter. */
function differenceOf(found: Summary, wanted: Summary): string | undefined {
  const text = ({ tensors, unread, aside }: Summary) =>
    JSON.stringify([...[tensors, unread, aside].map((list) => list.map((entry) => JSON.stringify(entry)).sort())])
  return text(found) === text(wanted) ? undefined : `read ${text(found)} for ${text(wanted)}`
}
