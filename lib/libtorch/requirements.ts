import { SemplesError } from '../base/error.js'
import { compareVersions } from './platform.js'

/** A requirement of a wheel's METADATA that holds on this machine. */
export interface Requirement {
  project: string
  extras: string[]
  /** Whether a version will do. */
  accepts(version: string): boolean
  /** As it stands in the METADATA, without its marker. */
  text: string
}

/**
 * The requirements in a METADATA whose project matches and whose marker holds. Understood is what torch and NVIDIA's
 * wheels write, which is a small part of PEP 508; pip understands the rest.
 * @param environment values of the markers' variables
 * @param extras those that were asked for
 * @throws SemplesError `SEMPLES_FETCH_FAILED` for a requirement that is not understood
 */
export function readRequirements(
  metadata: string,
  projects: RegExp,
  environment: Record<string, string>,
  extras: readonly string[] = [],
): Requirement[] {
  return [...metadata.matchAll(/^Requires-Dist:\s*(.+?)\s*$/gm)].flatMap(([, line]) => {
    const [text, marker] = line!.split(/\s*;\s*/, 2) as [string, string | undefined]
    if (!projects.test(text)) return []
    const isWanted = marker === undefined || markerHolds(marker, environment, extras, line!)
    return isWanted ? [parseRequirement(text)] : []
  })
}

function parseRequirement(text: string): Requirement {
  const [, project, extras, bounds] = /^([\w.-]+)\s*(?:\[([^\]]*)\])?\s*([^[\]]*)$/.exec(text) ?? []
  if (project === undefined) throw notUnderstood(text)
  const checks = (bounds ?? '')
    .replace(/^\((.*)\)$/, '$1')
    .split(',')
    .filter((each) => each.trim() !== '')
    .map((each) => parseBound(each.trim(), text))
  return {
    project,
    extras: (extras ?? '').split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()])),
    // Only releases: dotted numbers.
    accepts: (version) => /^\d+(\.\d+)*$/.test(version) && checks.every((accepts) => accepts(version)),
    text,
  }
}

const comparisons: Record<string, (order: number) => boolean> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '>=': (order) => order >= 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '<': (order) => order < 0,
}

/** `==13.0.3` holds for 13.0.3.0 too, and `==13.0.85.*` for all that begin so. */
function parseBound(bound: string, text: string): (version: string) => boolean {
  const [, operator, number, isPrefix] = /^(==|!=|>=|<=|>|<)\s*(\d+(?:\.\d+)*)(\.\*)?$/.exec(bound) ?? []
  if (operator === undefined || (isPrefix !== undefined && operator !== '==')) throw notUnderstood(text)
  if (isPrefix === undefined) return (version) => comparisons[operator]!(compareVersions(version, number!))
  const length = number!.split('.').length
  return (version) => compareVersions(version.split('.').slice(0, length).join('.'), number!) === 0
}

/** Evaluates `or`, `and`, parentheses, `==` and `!=` of a marker by descent. */
function markerHolds(
  marker: string,
  environment: Record<string, string>,
  extras: readonly string[],
  line: string,
): boolean {
  const tokens = marker.match(/\(|\)|==|!=|'[^']*'|"[^"]*"|[^\s()='"!]+/g) ?? []
  const comparison = (): boolean => {
    const [variable, operator, quoted] = tokens.splice(0, 3)
    const value = /^(['"])(.*)\1$/.exec(quoted ?? '')?.[2]
    const known = variable === 'extra' || Object.hasOwn(environment, variable ?? '')
    if (!known || value === undefined || (operator !== '==' && operator !== '!=')) throw notUnderstood(line)
    const isEqual = variable === 'extra' ? extras.includes(value) : environment[variable!] === value
    return isEqual === (operator === '==')
  }
  const atom = (): boolean => {
    if (tokens[0] !== '(') return comparison()
    tokens.shift()
    const inner = disjunction()
    if (tokens.shift() !== ')') throw notUnderstood(line)
    return inner
  }
  // Both sides are always read, so no short circuit.
  const chain = (word: string, part: () => boolean, join: (a: boolean, b: boolean) => boolean) => () => {
    let result = part()
    while (tokens[0] === word) {
      tokens.shift()
      result = join(part(), result)
    }
    return result
  }
  const conjunction = chain('and', atom, (a, b) => a && b)
  const disjunction = chain('or', conjunction, (a, b) => a || b)
  const result = disjunction()
  if (tokens.length > 0) throw notUnderstood(line)
  return result
}

function notUnderstood(text: string): SemplesError {
  return new SemplesError('SEMPLES_FETCH_FAILED', {
    message: `The requirement "${text}" is more than semples can resolve by itself.`,
    hint: 'Install pip (python3 -m ensurepip, or the package python3-pip), which can.',
  })
}
