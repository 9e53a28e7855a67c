import { stringOfCounts } from '../../datasets/coco/regions.js'
import type { AnnotatedObject, AnnotatedPicture, AnnotationFormat, AnnotationShapes } from './format.js'

/**
 * COCO's format of object detection (https://cocodataset.org/#format-data). Polygons have no holes there: an object with
 * holes is run-length encoded, as are all where masks are asked for. COCO's own files keep that encoding for crowds; here it
 * is the compressed one with `iscrowd: 0`, which pycocotools decodes and evaluates like a polygon.
 */
export const coco = {
  name: 'coco',
  hasMasks: true,
  kind: 'file',
  ending: '.json',
  async *text(pictures, classes, shapes) {
    const info = { description: 'Pre-annotations made by semples' }
    const categories = classes.map(({ id, label }) => ({ id, name: label, supercategory: '' }))
    yield `{"info":${JSON.stringify(info)},"licenses":[],\n"categories":${JSON.stringify(categories)},\n"annotations":[`
    // The order of the keys means nothing, and what is said of pictures is short.
    const images: string[] = []
    let annotations = 0
    for await (const { file, width, height, objects } of pictures) {
      images.push(JSON.stringify({ id: images.length + 1, file_name: file, width, height }))
      for (const object of objects) {
        const entry = annotation(object, { height, width }, shapes)
        yield `${annotations === 0 ? '\n' : ',\n'}${JSON.stringify({ id: ++annotations, image_id: images.length, ...entry })}`
      }
    }
    yield '\n],\n"images":['
    for (const [index, image] of images.entries()) yield `${index === 0 ? '\n' : ',\n'}${image}`
    yield '\n]}\n'
  },
} satisfies AnnotationFormat

function annotation(
  { classId, area, box: { left, top, right, bottom }, outlines, columns }: AnnotatedObject,
  { height, width }: Pick<AnnotatedPicture, 'height' | 'width'>,
  shapes: AnnotationShapes,
) {
  const asPolygons = shapes === 'polygons' && outlines.every(({ holes }) => holes.length === 0)
  return {
    category_id: classId,
    segmentation: asPolygons
      ? outlines.map(({ outer }) => outer)
      : { size: [height, width], counts: stringOfCounts(columns()) },
    area,
    bbox: [left, top, right - left, bottom - top],
    iscrowd: 0,
  }
}
