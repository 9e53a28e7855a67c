import { dirname, relative, sep } from 'node:path'
import { withCuts } from '../../masks/outlines/cut.js'
import type { AnnotationFormat } from './format.js'

/** The version of LabelMe whose files these are like; it warns where the first number is not its own. */
const VERSION = '5.5.0'

/**
 * LabelMe's JSON, a file for each picture (https://github.com/wkentaro/labelme, label_file.py). A polygon has no holes:
 * they are joined to the outline by cuts. Parts of one object have a `group_id` in common.
 */
export const labelme = {
  name: 'labelme',
  hasMasks: false,
  kind: 'folder',
  text({ image, width, height, objects }, path) {
    const shapes = objects.flatMap(({ label, outlines }, index) =>
      outlines.map((outline) => ({
        label,
        points: pairs(withCuts(outline)),
        group_id: outlines.length > 1 ? index + 1 : null,
        description: '',
        shape_type: 'polygon',
        flags: {},
        mask: null,
      })),
    )
    const imagePath = relative(dirname(path), image).split(sep).join('/')
    const file = {
      version: VERSION,
      flags: {},
      shapes,
      imagePath,
      imageData: null,
      imageHeight: height,
      imageWidth: width,
    }
    return `${JSON.stringify(file)}\n`
  },
} satisfies AnnotationFormat

function pairs(ring: readonly number[]): [number, number][] {
  return Array.from({ length: ring.length / 2 }, (_, index) => [ring[2 * index]!, ring[2 * index + 1]!])
}
