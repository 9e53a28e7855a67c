import { SemplesError } from '../../base/error.js'
import { canHavePixelLabels } from '../../datasets/open.js'
import { kindOfSegmenter } from '../../segment/kinds.js'
import { checkOptimizer, misfit } from '../rules.js'
import type { SegmentConfig } from './types.js'

/**
 * What fields of the config of a segmentation model demand of each other.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`, `SEMPLES_CLIP_MISSING`
 */
export function checkSegmentRules(config: SegmentConfig): void {
  const { model, train, clip } = config
  const kind = kindOfSegmenter(model.kind)
  kind.check?.(model)
  checkTargets(config)
  checkOptimizer('train', train.optimizer)
  if (train.schedule.kind === 'poly' && train.schedule.floor !== undefined && train.schedule.floor > train.lr)
    throw misfit(
      'train.schedule.floor',
      train.schedule.floor,
      `at most train.lr (${train.lr})`,
      `Lower the floor of the learning rate with it: train.schedule.floor=${train.lr / 10}`,
    )
  if (kind.needsClip && clip.path === undefined) throw clipMissing(model.kind)
  if (!kind.needsClip && clip.path !== undefined)
    throw misfit(
      'clip.path',
      clip.path,
      `no CLIP with model.kind ${model.kind}, which does without`,
      'Leave clip (--clip) out.',
    )
  if (config.predict.earlier > 0 && !('decoderDepth' in model && model.decoderDepth > 1))
    throw misfit('predict.earlier', config.predict.earlier, '0 for a model whose decoder has one output')
}

function clipMissing(kind: string): SemplesError {
  return new SemplesError('SEMPLES_CLIP_MISSING', {
    message: `A model of kind ${kind} looks through a CLIP, and none is given (clip.path).`,
    field: 'clip.path',
    hint: "Type npx semples weights fetch clip-vit-b-32, and give that name: clip: 'clip-vit-b-32' (--clip clip-vit-b-32); or the file of another CLIP.",
  })
}

function checkTargets({ targets, data }: SegmentConfig): void {
  const { from, folder, confidence, ignoreBelow } = targets
  if (from === 'truth') {
    if (folder !== undefined) throw misfit('targets.folder', folder, "no folder with targets.from 'truth'", TRUTH)
    if (!canHavePixelLabels(data))
      throw misfit('targets.from', from, 'masks or scores, because these data have no ground truth', TRUTH)
  } else if (folder === undefined)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'A segmentation model needs masks to learn from (targets.folder).',
      field: 'targets.folder',
      expected: 'a folder of masks or of scores',
      hint: "Name one: targets: { folder: 'masks' } (--masks masks), or give a run whose masks are made first (--run runs/first).",
    })
  if (confidence !== undefined && from !== 'masks')
    throw misfit('targets.confidence', confidence, `no folder with targets.from '${from}'`, CONFIDENCE)
  if (ignoreBelow > 0 && from !== 'scores' && confidence === undefined)
    throw misfit('targets.ignoreBelow', ignoreBelow, '0 without scores (targets.from, targets.confidence)')
}

const CONFIDENCE = 'Scores say themselves how sure they are; masks have scores beside them (targets.from=masks).'
const TRUTH = 'Ground truth is named in data: data.masks of a folder (--data, docs/data.md).'
