// The side of semples: the addon itself.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root, StepError } from '../../scripts/steps/process.mjs'
import { crfMethod } from './settings.mjs'

/** What the addon refines: energies of a picture. */
export function refineRequest(image, energies, settings, threads) {
  const { data, height, width } = image
  const channels = energies.length / (height * width)
  return {
    ...{ image: data, height, width, threads, scores: true, profile: true },
    source: { values: energies, channels, height, width, kind: 'energy' },
    method: crfMethod(settings),
  }
}

/** Refines, timed from the call to the result in JavaScript. */
export async function refineTimed(addon, request) {
  const start = performance.now()
  const refined = await addon.refine(request).result
  return { refined, seconds: (performance.now() - start) / 1000 }
}

/** Growth of the peak memory of a fresh process that refines once, on one thread. `request` names .npy files. */
export function memoryOfOurs(request) {
  const child = spawnSync(process.execPath, ['--expose-gc', join(root, 'bench/crf/memoryOfOurs.mjs')], {
    input: JSON.stringify(request),
    encoding: 'utf8',
  })
  if (child.status !== 0) throw new StepError(`Refining in a process of its own failed: ${child.stderr.trim()}`)
  return JSON.parse(child.stdout)
}
