import { cnn } from './presets/cnn.js'
import { coco2014 } from './presets/coco2014.js'
import { demo } from './presets/demo.js'
import { photos } from './presets/photos.js'
import { voc2012 } from './presets/voc2012.js'
import type { ConfigDifferences, RunConfig } from './types.js'

export type Preset = RunConfig['preset']

/** Every preset by name. */
export const presets: Record<Preset, ConfigDifferences> = { none: {}, voc2012, coco2014, cnn, photos, demo }

/** The kind of generator that a preset names; undefined where it names none, or is no preset. */
export function generatorKindOf(preset: unknown): string | undefined {
  const known = typeof preset === 'string' && Object.hasOwn(presets, preset)
  return known ? presets[preset as Preset].generator?.kind : undefined
}
