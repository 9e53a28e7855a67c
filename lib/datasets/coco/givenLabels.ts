import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { didYouMean } from '../classes/classTableFile.js'
import type { ClassTable } from '../dataset.js'
import { readLabelsFile } from '../labelsFile.js'
import type { CocoImage } from './annotations.js'

/**
 * The labels of pictures of COCO in a labels file. A picture is called by its image id, its file name, or that without
 * extension.
 *
 * @returns class indices by the file name without extension, for the pictures that the file names
 * @throws SemplesError as `readLabelsFile`; `SEMPLES_CLASS_UNKNOWN`; `SEMPLES_NO_LABELS` where it names none of the pictures
 */
export async function readGivenLabels(
  labelsFile: string,
  images: readonly CocoImage[],
  table: ClassTable,
): Promise<{ labels: Map<string, number[]>; described: string; warnings: string[] }> {
  const file = path.resolve(labelsFile)
  const { rows, described, warnings } = await readLabelsFile(file, table)
  const indexOf = new Map(table.classes.map(({ label }, index) => [label, index]))
  const byName = new Map(rows.map((row) => [path.posix.parse(row.file.replaceAll('\\', '/')).name, row]))
  const labels = new Map<string, number[]>()
  for (const { id, file_name } of images) {
    const { name } = path.parse(file_name)
    const row = byName.get(name) ?? byName.get(String(id)) ?? byName.get(String(id).padStart(12, '0'))
    if (row === undefined) continue
    const indices = row.labels.map((label) => indexOf.get(label) ?? unknown(label, `${row.file} in ${file}`, table))
    labels.set(
      name,
      indices.sort((a, b) => a - b),
    )
  }
  if (labels.size === 0) {
    throw new SemplesError('SEMPLES_NO_LABELS', {
      message: `The labels file ${file} names none of the ${images.length} pictures.`,
      file,
      value: rows[0]?.file,
      expected: `names such as ${images[0]?.file_name}`,
      hint: 'Is it of the other split?',
    })
  }
  const without = images.length - labels.size
  const rest =
    without === 0
      ? []
      : [`${without} of ${images.length} pictures are not named in ${file}: the annotations say what they show.`]
  return { labels, described, warnings: [...warnings, ...rest] }
}

function unknown(label: string, origin: string, table: ClassTable): never {
  throw new SemplesError('SEMPLES_CLASS_UNKNOWN', {
    message: `The label "${label}" (${origin}) is no class of COCO 2014.`,
    value: label,
    hint: didYouMean(label, table),
  })
}
