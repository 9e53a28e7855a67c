import { describeRefused } from '../libtorch/find.js'
import { describeRefusedAddon } from '../native/addonFile.js'
import { type Diagnosis, diagnose } from '../native/diagnose.js'
import { printJson } from './output.js'

/**
 * `semples doctor`: prints what semples found on this machine, and the problems.
 * @param write receives lines for standard output
 * @returns exit status: 0 where all is well
 */
export async function doctor(
  options: { json?: boolean; libtorch?: string },
  write: (line: string) => void,
): Promise<number> {
  const diagnosis = await diagnose({ libtorch: options.libtorch })
  if (options.json) printJson({ out: write }, diagnosis)
  else for (const line of describeDiagnosis(diagnosis)) write(line)
  return diagnosis.problems.length === 0 ? 0 : 1
}

/** The diagnosis as lines of a table, its problems last. */
export function describeDiagnosis({ platform, addon, libtorch, probe, openmp, ...facts }: Diagnosis): string[] {
  const libc = platform.libc === undefined ? '' : ` ${platform.libc} ${platform.glibc ?? ''}`.trimEnd()
  const rows: [string, string][] = [
    ['semples', facts.version],
    ['Node', facts.node],
    ['system', `${platform.system}-${platform.architecture}${libc}`],
    [
      'addon',
      addon.found ? `${addon.found.file} (${addon.found.origin}, for LibTorch ${addon.found.builtFor})` : 'none',
    ],
    ...addon.refused.map((refused): [string, string] => ['', `not ${describeRefusedAddon(refused)}`]),
    [
      'LibTorch',
      libtorch.found ? `${libtorch.found.version} ${libtorch.found.folder} (${libtorch.found.origin})` : 'none',
    ],
    ...libtorch.refused.map((refused): [string, string] => ['', `not ${describeRefused(refused)}`]),
  ]
  if (probe?.works) {
    rows.push(['loads in', `${probe.seconds?.toFixed(2)} s (LibTorch states version ${facts.abi})`])
    rows.push(['devices', facts.devices.join(', ')])
    rows.push(['threads', String(probe.runtime?.threads)])
    rows.push(['OpenMP', openmp.join(', ') || 'unknown'])
  }
  const lines = rows.map(([name, value]) => `${name.padEnd(10)}${value}`)
  return [...lines, '', ...(facts.problems.length === 0 ? ['All is well.'] : facts.problems.map((text) => `! ${text}`))]
}
