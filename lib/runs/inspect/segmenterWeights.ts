import { dirname } from 'node:path'
import { shellWord } from '../../base/shell.js'
import { type SegmenterName, segmenterKinds } from '../../segment/kinds.js'
import { SEGMENTER_FILE } from '../segment/trainSegmenter.js'
import type { ShapesByName, WeightsDescription } from './description.js'

/** By kind, tensors that no other network has together; that of the last layer has as many rows as there are classes. */
const SIGNS: Readonly<Record<SegmenterName, readonly [last: string, ...others: string[]]>> = {
  'vit-mask': ['decoder.mask_norm.weight', 'decoder.cls_emb', 'encoder.patch_embed.proj.weight'],
  deeplabv3plus: ['decoder.classifier.weight', 'aspp.merge.conv.weight', 'decoder.low.conv.weight'],
  'clip-decoder': ['classifier.weight', 'merge.weight', 'mlps.0.0.weight'],
}

/** The weights of a segmentation model, which stand in a run of their own. */
export function describeSegmenter(tensors: ShapesByName, path: string): WeightsDescription | undefined {
  const kind = segmenterKinds.find((each) => SIGNS[each.kind].every((name) => tensors.has(name)))
  if (kind === undefined) return undefined
  const classes = tensors.get(SIGNS[kind.kind][0])!.shape[0]
  const run = runOf(path)
  return {
    what: `the weights of a segmentation model of kind ${kind.kind}: ${kind.title}`,
    ...(classes === undefined ? {} : { sizes: { classes: classes - 1 } }),
    notes: ['Sizes and classes stand in the folder of its run: semples uses it from there.'],
    next: {
      text: 'For masks of any pictures, type:',
      commands: [`npx semples predict --run ${run === undefined ? 'RUN' : shellWord(run)} FILE...`],
    },
  }
}

/** The folder of the run that a checkpoint lies in: RUN/stages/segment/epoch-0020/segmenter.safetensors. */
function runOf(path: string): string | undefined {
  const parts = path.split(/[\\/]/)
  const inRun = parts.at(-4) === 'stages' && parts.at(-1) === `${SEGMENTER_FILE}.safetensors`
  return inRun ? dirname(dirname(dirname(dirname(path)))) : undefined
}
