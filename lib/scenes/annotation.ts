import type { Scene } from './scene.js'
import { SCENE_CLASSES } from './vocabulary.js'

/** VOC's spelling, where it is not ours. */
const VOC_NAMES: Record<string, string> = { airplane: 'aeroplane' }

/** The XML that PASCAL VOC keeps for a picture: its size, and name and box (1-based) of each object. */
export function annotation(id: string, { width, height, objects }: Scene): string {
  const entries = objects.map(({ index, box: [left, top, right, bottom] }) => {
    const { label } = SCENE_CLASSES.classes[index]!
    return `  <object>
    <name>${VOC_NAMES[label] ?? label}</name>
    <pose>Unspecified</pose>
    <truncated>${left === 0 || top === 0 || right === width - 1 || bottom === height - 1 ? 1 : 0}</truncated>
    <difficult>0</difficult>
    <bndbox>
      <xmin>${left + 1}</xmin>
      <ymin>${top + 1}</ymin>
      <xmax>${right + 1}</xmax>
      <ymax>${bottom + 1}</ymax>
    </bndbox>
  </object>
`
  })
  return `<annotation>
  <folder>scenes</folder>
  <filename>${id}.jpg</filename>
  <size>
    <width>${width}</width>
    <height>${height}</height>
    <depth>3</depth>
  </size>
  <segmented>1</segmented>
${entries.join('')}</annotation>
`
}
