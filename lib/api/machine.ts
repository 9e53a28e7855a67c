import type { Diagnosis } from '../doctor/diagnose.js'

/**
 * Examines Node, addon, LibTorch, CUDA, devices, threads, memory, user cache, sharp and write access, and says what is
 * wrong with them and what to do. LibTorch is loaded in a child process, not in this one; there is no network. Of the
 * result, `findings` has a line for each of them, and `problems` those without which nothing works.
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
  return (await import('../doctor/diagnose.js')).diagnose(options)
}
