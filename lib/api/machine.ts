import type { Diagnosis } from '../native/diagnose.js'

/**
 * Examines addon, LibTorch and devices, and says what is wrong with them, without loading anything into this process
 * and without network.
 *
 * @param options.libtorch folder of the LibTorch to examine. Default: the one that would be used.
 * @example
 * import { diagnose } from 'semples'
 *
 * const { version, devices, problems } = await diagnose()
 * console.log(`semples ${version}`) // e.g. semples 0.1.0
 * console.log(problems.length === 0 ? `works on ${devices[0]}` : problems.join('\n')) // e.g. works on cpu
 */
export async function diagnose(options?: { libtorch?: string }): Promise<Diagnosis> {
  return (await import('../native/diagnose.js')).diagnose(options)
}
