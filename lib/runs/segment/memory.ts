import type { SegmentConfig } from '../../config/segment/types.js'
import type { MemoryCheck } from '../memory/check.js'

/**
 * Checks that a step of training fits into memory.
 * @returns a warning, or undefined
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` naming the `microBatch` that fits
 */
export function checkStepMemory(
  _config: SegmentConfig,
  _classes: number,
  _device: string,
  _check: MemoryCheck = 'error',
): string | undefined {
  return undefined
}
