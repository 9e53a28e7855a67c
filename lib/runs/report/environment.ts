import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { packageVersion } from '../../base/package.js'
import type { RunManifest } from '../../checkpoints/runDirectory.js'
import type { Compute } from '../../models/devices.js'

/** Versions and machine of the run, then those of the report. */
export function environmentOf(
  { versions, seed, data, created, finished, notes }: RunManifest,
  compute: Compute | undefined,
): [name: string, value: string][] {
  const noted = ['device', 'threads', 'weights', 'select'].filter((name) => notes[name] !== undefined)
  const model = cpus()[0]?.model.trim()
  return [
    ...Object.entries(versions).map(([name, version]): [string, string] => [`${name} (run)`, version]),
    ['seed', String(seed)],
    ...noted.map((name): [string, string] => [`${name} (run)`, String(notes[name])]),
    ['fingerprint of the data', data],
    ['started', created],
    ['finished', finished ?? 'not yet'],
    ['semples (report)', packageVersion()],
    ['node (report)', process.version],
    ...(compute === undefined ? [] : [['computed on (report)', compute.description] as [string, string]]),
    ['system (report)', `${process.platform}-${process.arch} ${release()}`],
    ['processor (report)', `${availableParallelism()} × ${model || process.arch}, ${gigabytes(totalmem())} of memory`],
  ]
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(0)} GB`
}
