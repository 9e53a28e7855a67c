import { listed } from '../../base/count.js'
import { itemProgress, type OnProgress, warning } from '../../base/progress.js'
import type { Dataset } from '../../datasets/dataset.js'
import { pictureSides } from '../../pictures/exif.js'
import { classFrequencies } from '../../segment/targets/classWeights.js'
import type { Size } from '../../segment/targets/source.js'
import type { Targets } from '../../segment/targets/targets.js'

interface ReadOptions {
  onProgress: OnProgress
  signal?: AbortSignal
}

/** Name of this step, in progress. */
const STAGE = 'targets'

/**
 * Reads what there is to learn once, so that a mistake in any file is told before anything is trained, and says what looks
 * like one: classes that no picture shows, nothing labelled at all.
 * @returns frequencies of background and classes, as `classFrequencies`
 * @throws SemplesError as `Targets.read`
 */
export async function readTargets(targets: Targets, dataset: Dataset, options: ReadOptions): Promise<number[]> {
  const { onProgress } = options
  const known = targets.warnings.length
  const frequencies = await frequenciesOf(targets, dataset, options)
  for (const message of targets.warnings.slice(known)) onProgress(warning(STAGE, message))
  const absent = dataset.classes.classes.filter((_, index) => frequencies[index + 1] === 0)
  if (frequencies.every((frequency) => frequency === 0))
    onProgress(warning(STAGE, 'no pixel has a label: all are 255, and nothing can be learned'))
  else if (absent.length > 0)
    onProgress(
      warning(
        STAGE,
        `no pixel is of ${listed(absent.map(({ label }) => label))}: the model will not find ${absent.length === 1 ? 'it' : 'them'} in any picture`,
      ),
    )
  return frequencies
}

/** How frequent each label is, with progress; every target must have the size of its picture. */
export function frequenciesOf(
  targets: Targets,
  dataset: Dataset,
  { onProgress, signal }: ReadOptions,
): Promise<number[]> {
  const progress = itemProgress(STAGE)
  return classFrequencies(targets, dataset.items, {
    // Of a picture that cannot be read the loader speaks.
    sizeOf: ({ image }) => sizeOf(image, dataset.orientation === 'exif'),
    onRead: (read, of) => onProgress(progress(read, of)),
    ...(signal === undefined ? {} : { signal }),
  })
}

async function sizeOf(image: string, turned: boolean): Promise<Size | undefined> {
  const sides = await pictureSides(image)
  if (sides === undefined) return undefined
  const { exif, width, height } = sides
  return turned && exif >= 5 ? { width: height, height: width } : { width, height }
}
