import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readCamFile } from '../../../lib/formats/camFile/camFile.js'
import { python } from '../../support/python.js'

interface Case {
  file: string
  /** Writer, type, order of memory, protocol. */
  says: string
  shape: number[]
  numbers: number[]
  /** As the file says them; null where it does not. */
  classes: number[] | null
  /** Whether these are class ids. */
  named: boolean
  axes: 'chw' | 'hwc'
}

export interface Outcome {
  read: number
  /** Codes of refusals, with how often. */
  refused: Record<string, number>
  /** What is neither read as written nor refused. */
  wrong: string[]
}

/** Reads so many generated files and compares numbers, shapes and classes with those written. */
export async function readGenerated(count: number, seed: number): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'semples-generated-'))
  try {
    const script = join(import.meta.dirname, 'generate.py')
    await promisify(execFile)(python, [script, folder, String(count), String(seed)])
    const cases: Case[] = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8'))
    const outcome: Outcome = { read: 0, refused: {}, wrong: [] }
    for (const one of cases) await compare(one, folder, outcome)
    return outcome
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(written: Case, folder: string, outcome: Outcome): Promise<void> {
  const { file, says, axes, classes, named } = written
  try {
    const { maps, classIds } = await readCamFile(join(folder, file), { axes })
    outcome.read++
    const ids = classes?.map((key) => (named ? key : key + 1))
    const same =
      JSON.stringify(maps.shape) === JSON.stringify(written.shape) &&
      written.numbers.every((number, at) => Object.is(maps.data[at], Math.fround(number))) &&
      JSON.stringify(classIds) === JSON.stringify(ids)
    if (!same) outcome.wrong.push(`${says}: [${maps.shape}] ${classIds} for [${written.shape}] ${ids}`)
  } catch (error) {
    const { name, code = String(error), message } = error as { name?: string; code?: string; message?: string }
    if (name !== 'SemplesError') outcome.wrong.push(`${says}: ${message}`)
    outcome.refused[code] = (outcome.refused[code] ?? 0) + 1
  }
}
