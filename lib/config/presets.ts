import { cnn } from './presets/cnn.js'
import { coco2014 } from './presets/coco2014.js'
import { demo } from './presets/demo.js'
import { photos } from './presets/photos.js'
import { voc2012 } from './presets/voc2012.js'
import type { ConfigDifferences } from './types.js'

/** Every preset by its name; `none` changes nothing. */
export const presets = { voc2012, coco2014, cnn, photos, demo, none: {} } as const satisfies Record<
  string,
  ConfigDifferences
>

export type PresetName = keyof typeof presets

/** The differences of a preset; none for a name that there is not, which its own field refuses. */
export function presetOf(name: unknown): ConfigDifferences {
  return typeof name === 'string' && Object.hasOwn(presets, name) ? presets[name as PresetName] : {}
}
