import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { demoClip } from '../config/presets/demo.js'
import { stagesOf } from '../config/stagesOf.js'
import type { RunConfig } from '../config/types.js'
import { OBJECTS } from '../scenes/vocabulary.js'

/** What every reader of a run's results must know; each output says it. */
export function configWarnings(config: RunConfig): string[] {
  const found: string[] = []
  if (config.generator.weights === 'random')
    found.push(
      'The generator starts from RANDOM weights: masks will be poor. Give weights for real use (generator.weights, --weights).',
    )
  if (config.clip.path === demoClip && stagesOf(config).some(({ needsClip }) => needsClip))
    found.push(
      `CLIP is the demo's: it knows DRAWN scenes with ${OBJECTS.join(', ')}, and nothing else. Give a CLIP for real use (clip, --clip).`,
    )
  else if (config.clip.path !== undefined && stagesOf(config).some(({ needsClip }) => needsClip)) {
    const standIn = standInNotice(config.clip.path)
    if (standIn !== undefined) found.push(standIn)
  }
  if (config.select === 'miou')
    found.push('Epochs are selected by mIoU: PIXEL LABELS of the evaluation split are used.')
  return found
}

/** What scripts/clip/photos.py writes beside its archives. */
const standInSchema = z.looseObject({ notice: z.string().min(1), words: z.array(z.looseObject({ word: z.string() })) })

/** What an archive that is no CLIP, but stands in for one, knows; undefined for every other. */
function standInNotice(archive: string): string | undefined {
  try {
    const { notice, words } = standInSchema.parse(
      JSON.parse(readFileSync(archive.replace(/\.[^./\\]*$/, '.json'), 'utf8')),
    )
    return `${notice} Its words: ${words.map(({ word }) => word).join(', ')}.`
  } catch {
    return undefined
  }
}
