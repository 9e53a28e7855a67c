import { runInSlices } from '../../base/cooperative.js'
import { SemplesError } from '../../base/error.js'
import { mapOrdered } from '../../base/mapOrdered.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { StatedTable } from '../../datasets/predictions/classTables.js'
import type { Orientation } from '../../masks/orientation.js'
import { maskPalette } from '../../masks/palette.js'
import type { ReadMaskOptions } from '../../masks/png.js'
import type { AnnotatedPicture } from './format.js'
import type { MaskOfPicture } from './masksOf.js'
import { type ObjectOptions, objectSteps } from './objects.js'
import { maskAsShown } from './readMask.js'

export interface AnnotateOptions extends Omit<ObjectOptions, 'labels'> {
  classes: ClassTable | StatedTable
  exif: Orientation | undefined
  /** Looks at the name of a picture before its mask is read. */
  checkName(file: string): void
  signal: AbortSignal | undefined
}

/** A picture with its objects, or why it has none. */
export type Annotated =
  | { mask: string; picture: AnnotatedPicture; small: number }
  | { mask: string; error: SemplesError }

/** Pictures of which the masks are read ahead. */
const AT_ONCE = 2

/** The objects of every mask, one picture after the other; what is wrong with one does not stop the others. */
export async function* annotate(
  masks: readonly MaskOfPicture[],
  { classes, exif, checkName, signal, ...options }: AnnotateOptions,
): AsyncGenerator<Annotated> {
  const labels = new Map(classes.classes.map(({ id, label }) => [id, label]))
  const reading = readingOf(classes)
  yield* mapOrdered(masks, one, AT_ONCE, signal)

  async function one({ mask: file, image, file: name, failure }: MaskOfPicture): Promise<Annotated> {
    try {
      if (failure !== undefined) throw failure
      checkName(name)
      const mask = await maskAsShown({ mask: file, image }, exif, reading)
      const { objects, small } = await runInSlices(objectSteps(mask, file, { ...options, labels }), { signal })
      const { width, height } = mask
      return { mask: file, picture: { image, file: name, width, height, objects }, small }
    } catch (error) {
      if (!(error instanceof SemplesError)) throw error
      return { mask: file, error }
    }
  }
}

/** Colours of the table tell the ids of truecolour masks, and masks whose palette was sorted. */
function readingOf(classes: ClassTable | StatedTable): ReadMaskOptions {
  const colored = 'name' in classes ? maskPalette(classes.classes) : undefined
  return { palette: colored, ids: idsWithBackground(classes as ClassTable) }
}
