import type { ScoreWarning } from '../formats/camFile/scores.js'
import { methodNamed } from './methods.js'
import type { RefineSettings } from './options.js'

/** What a picture is refined from: a mask, a file of scores that holds one, or score maps, maybe with the background's. */
export type Given = 'mask' | 'mask in a file of maps' | 'maps' | 'maps with a background'

const KINDS: Readonly<Record<Given, string>> = {
  mask: 'a mask (label map)',
  'mask in a file of maps': 'a mask (label map) in a file of maps',
  maps: 'score maps',
  'maps with a background': 'score maps with a map of the background',
}

/** Options of `semples refine`, by the field that they set, where the two have other names. */
const TYPED: Readonly<Record<string, string>> = {
  gtProb: '--gt-prob',
  zeroUnsure: '--zero-unsure',
  backgroundPower: '--background-power',
  values: '--scores',
  classOffset: '--class-offset',
  imageLabels: '--labels',
}

/**
 * A warning of the options that were given and do nothing for this picture.
 *
 * @param name what the warning calls them
 */
export function warnOfIdle(kind: Given, settings: RefineSettings, name: string): ScoreWarning[] {
  const { given = [] } = settings
  const idle = idleFields(kind, settings).filter((field) => given.includes(field))
  if (idle.length === 0) return []
  const options = idle.map((field) => `${field} (${TYPED[field] ?? `--${field}`})`).join(', ')
  const text = `${idle.length === 1 ? 'An option was given that does' : 'Options were given that do'} nothing for ${KINDS[kind]}: ${options}.`
  return [{ text, seen: name }]
}

function idleFields(kind: Given, { method, own, unary, values }: RefineSettings): string[] {
  const { onlyUnary, labels } = methodNamed(method)
  // A matrix of compatibilities takes the classes of its rows.
  const classes = labels?.(own) === undefined ? ['classes'] : []
  const soft = unary === 'soft' ? ['unary'] : []
  const ofMaps = ['threshold', 'backgroundPower', 'values', 'classOffset', 'imageLabels', ...soft]
  if (kind === 'mask') return [...ofMaps, 'axes', 'entry', ...classes]
  // There the array was looked for in the file.
  if (kind === 'mask in a file of maps') return ofMaps
  return [
    'zeroUnsure',
    ...((onlyUnary ?? unary) === 'soft' || values === 'energies' ? ['gtProb'] : []),
    ...(onlyUnary === undefined || onlyUnary === unary ? [] : ['unary']),
    ...(kind === 'maps with a background' || values === 'energies' ? ['threshold', 'backgroundPower'] : []),
  ]
}
