import { SemplesError } from '../../base/error.js'
import { bytesText, type FreeMemory, freeMemory } from '../../base/memory.js'
import { type MemoryJob, peakMemory } from './peakMemory.js'

/** What happens where a job would take more memory than is free: an error before it begins, a warning, or nothing. */
export type MemoryCheck = 'error' | 'warn' | 'off'

/** Estimates may be too small by a twentieth. */
const SAFETY = 1.05

export interface MemoryQuestion<Job extends MemoryJob> {
  job: Job
  /** In the error: "CAMs of photos/big.jpg, 4000x3000". */
  what: string
  /** The field that changes it. */
  field: string
  /** The same job at another value of that field. */
  at(value: number): Job
  /** Values of the field that are tried, the largest first. */
  values: readonly number[]
  /** "Set cams.maxSide to 1024" for a value that fits. */
  remedy(value: number): string
  /** Where no value fits. */
  otherwise: string
}

export interface MemorySurroundings {
  check: MemoryCheck
  /** Default: the machine's, and what its control groups leave. */
  free?: FreeMemory
  /** What this process holds already; it is counted in the estimate. Default: its resident memory. */
  held?: number
}

/**
 * Compares what a job will take with what is free.
 * @returns a warning where the check is `warn` and it will not fit; else undefined
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` with the need, what is free, and the largest value that fits
 */
export function askMemory<Job extends MemoryJob>(
  question: MemoryQuestion<Job>,
  { check, free = freeMemory(), held = process.memoryUsage.rss() }: MemorySurroundings,
): string | undefined {
  checkName(check)
  if (check === 'off') return undefined
  const room = free.bytes + held
  const { bytes } = peakMemory(question.job)
  if (bytes * SAFETY <= room) return undefined
  const fitting = question.values.find((value) => peakMemory(question.at(value)).bytes * SAFETY <= room)
  const where = free.by === 'container' ? 'free within the memory limit of this container or job' : 'free'
  const message = `${question.what} need about ${bytesText(bytes)} of memory, and ${bytesText(room)} are ${where}.`
  const remedy = fitting === undefined ? question.otherwise : question.remedy(fitting)
  if (check === 'warn') return `${message} ${remedy}`
  throw new SemplesError('SEMPLES_MEMORY_LIMIT', {
    message,
    field: question.field,
    expected: `at most ${bytesText(room)}`,
    hint: `${remedy} Or go on all the same: memoryCheck: 'warn' (--memory-check warn).`,
  })
}

function checkName(check: unknown): void {
  if (check === 'error' || check === 'warn' || check === 'off') return
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'That is no way to check the memory.',
    field: 'memoryCheck',
    value: check,
    expected: 'error, warn or off',
  })
}
