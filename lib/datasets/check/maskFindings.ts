import { count, listed } from '../../base/count.js'
import { finding } from './list.js'
import type { ReadPicture } from './readPictures.js'
import type { DataFinding } from './types.js'

/** What is wrong with masks; only evaluation opens them. */
export function maskFindings(pictures: readonly ReadPicture[]): DataFinding[] {
  const found = pictures.filter(({ mask }) => mask !== undefined)
  const wrong = found.filter(({ mask }) => mask!.problem !== undefined)
  const unknown = found.filter(({ mask }) => mask!.unknown.length > 0)
  const values = [...new Set(unknown.flatMap(({ mask }) => mask!.unknown))].sort((a, b) => a - b)
  const advice = 'Masks are opened by evaluation alone; it ends at such a mask.'
  return [
    ...(wrong.length === 0
      ? []
      : [
          finding(
            'warning',
            `${count(wrong.length, 'mask')} cannot be used: ${listed(
              wrong.map(({ item, mask }) => `that of ${item.id} ${mask!.problem}`),
              2,
            )}.`,
            advice,
          ),
        ]),
    ...(unknown.length === 0
      ? []
      : [
          finding(
            'warning',
            `${count(unknown.length, 'mask')} ${unknown.length === 1 ? 'has' : 'have'} pixels that are no class: ${listed(values.map(String), 8)}.`,
            'Pixel values are 0 for background, class ids, and 255 for void; give the class table that the masks were drawn with (classes.json).',
          ),
        ]),
  ]
}
