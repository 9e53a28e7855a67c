import { oneOf } from '../../base/count.js'
import { valueAt } from '../../base/optionError.js'
import { kindOfSegmenter, type SegmenterName, segmenterNames } from '../../segment/kinds.js'
import type { ConfigField } from '../describe.js'
import { notesOfModels, segmentDefaults } from './resolve.js'
import type { segmentPresets } from './schema.js'

export interface DescribeSegmentOptions {
  preset?: (typeof segmentPresets)[number]
  /** Kind of segmentation model. Default: that of the preset. */
  model?: string
}

/** Every field of the config of a segmentation model of one kind with its default under a preset, in the order of the config. */
export function describeSegmentConfig({ preset, model }: DescribeSegmentOptions = {}): ConfigField[] {
  const named = model === undefined ? undefined : (kindOfSegmenter(model).kind as SegmenterName)
  const values = segmentDefaults({ preset, ...(named === undefined ? {} : { model: { kind: named } }) })
  const kind = kindOfSegmenter(values.model.kind)
  return [...notesOfModels([kind])].map(([field, { text, expected, unit }]) => ({
    field,
    default: valueAt(values, field.split('.')),
    unit,
    expected: field === 'model.kind' ? oneOf(segmenterNames) : expected,
    text,
  }))
}
