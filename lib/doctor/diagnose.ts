import { type Facts, gatherFacts } from './facts.js'
import { type Finding, paragraph } from './finding.js'
import { devicesOf } from './judge/devices.js'
import { judge } from './judge.js'

/** Everything that decides whether semples works on this machine, and what is wrong with it. */
export interface Diagnosis extends Facts {
  /** Devices that can be asked for: `cpu`, `cuda:0`, … */
  devices: string[]
  /** One for each thing that was looked at: state, text, and what to do about it. */
  findings: Finding[]
  /** The findings without which semples cannot work, a paragraph each, with what to do; empty: it works. */
  problems: string[]
}

/** `diagnose` of the public API, documented in lib/api/machine.ts. */
export async function diagnose(options: { libtorch?: string } = {}): Promise<Diagnosis> {
  return diagnosisOf(await gatherFacts(options))
}

/** The diagnosis that facts lead to. */
export function diagnosisOf(facts: Facts): Diagnosis {
  const findings = judge(facts)
  const problems = findings.filter(({ state }) => state === 'problem').map(paragraph)
  return { ...facts, devices: devicesOf(facts), findings, problems }
}
