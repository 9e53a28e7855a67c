import { z } from 'zod'
import type { DatasetKind } from '../../datasets/kind.js'
import { datasetKinds } from '../../datasets/kinds.js'
import type { SegmenterKind } from '../../segment/kinds/kind.js'
import { segmenterKinds } from '../../segment/kinds.js'
import { dataSchema, editorSchema } from '../jsonSchema.js'
import { segmentSchema } from './schema.js'

/** The JSON Schema of config files of segmentation models, for editors; nothing is required. */
export function segmentJsonSchema(): Record<string, unknown> {
  const [data] = datasetKinds
  const [model] = segmenterKinds
  const { shape } = segmentSchema({ data: data as DatasetKind, model: model as unknown as SegmenterKind })
  return editorSchema({
    ...shape,
    data: dataSchema(),
    model: z.union(segmenterKinds.map(({ schema }) => schema)),
    clip: z.union([z.string(), shape.clip]),
  })
}
