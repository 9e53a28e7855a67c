import { listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
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
 * like one: classes that no picture shows.
 * @returns frequencies of background and classes, as `classFrequencies`
 * @throws SemplesError as `Targets.read`; `SEMPLES_NO_MASKS` where no pixel is of any class
 */
export async function readTargets(targets: Targets, dataset: Dataset, options: ReadOptions): Promise<number[]> {
  const { onProgress } = options
  const known = targets.warnings.length
  const frequencies = await frequenciesOf(targets, dataset, options)
  for (const message of targets.warnings.slice(known)) onProgress(warning(STAGE, message))
  const absent = dataset.classes.classes.filter((_, index) => frequencies[index + 1] === 0)
  if (absent.length === dataset.classes.classes.length) throw nothingToLearn(targets, frequencies)
  if (absent.length > 0)
    onProgress(
      warning(
        STAGE,
        `no pixel is of ${listed(absent.map(({ label }) => label))}: the model will not find ${absent.length === 1 ? 'it' : 'them'} in any picture`,
      ),
    )
  return frequencies
}

/** Many epochs would end in a model that finds nothing. */
function nothingToLearn({ describe }: Targets, [background]: readonly number[]): SemplesError {
  return new SemplesError('SEMPLES_NO_MASKS', {
    message: `There is nothing to learn in ${describe}: ${background === 0 ? 'all pixels are ignored (255)' : 'no pixel is of any class, all are background (0) or ignored (255)'}.`,
    field: 'targets',
    expected: 'pixels whose value is the id of a class',
    hint: 'What a mask holds is told by: npx semples inspect FILE. Of scores, targets.threshold or targets.ignoreBelow may be too high.',
  })
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
