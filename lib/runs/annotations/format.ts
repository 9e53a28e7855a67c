import type { Box } from '../../masks/outlines/runs.js'
import type { Outline } from '../../masks/outlines/trace.js'

/** What people correct: one connected part of a class in a picture, or all parts of the class. */
export interface AnnotatedObject {
  classId: number
  label: string
  /** Pixels of the mask. */
  area: number
  box: Box
  /** Of each connected part. */
  outlines: Outline[]
  /** The pixels as lengths of runs: row by row in the box; column by column in the whole picture. */
  rows(): number[]
  columns(): number[]
}

export interface AnnotatedPicture {
  /** Absolute path of the picture. */
  image: string
  /** Its path inside the folder of the pictures, with `/`. */
  file: string
  /** Of the picture as viewers show it. */
  width: number
  height: number
  objects: AnnotatedObject[]
}

export interface AnnotatedClass {
  id: number
  label: string
}

/** Polygons, which can be dragged, or the pixels themselves. */
export type AnnotationShapes = 'polygons' | 'masks'

/** How annotations are written for one program. */
export type AnnotationFormat = {
  name: string
  /** Whether there is a shape that is exact to the pixel. */
  hasMasks: boolean
  /** @throws SemplesError for the name of a file or class that cannot be written */
  checkName?(text: string): void
} & (
  | {
      /** All pictures are in one file. */
      kind: 'file'
      /** How its name ends: `.json`. */
      ending: string
      /** The text, piece by piece, so that the pictures need not be in memory together. */
      text(
        pictures: AsyncIterable<AnnotatedPicture>,
        classes: readonly AnnotatedClass[],
        shapes: AnnotationShapes,
      ): AsyncIterable<string>
    }
  | {
      /** Each picture has a file. */
      kind: 'folder'
      /** @param path absolute path of the file that is to be written */
      text(picture: AnnotatedPicture, path: string): string
    }
)
