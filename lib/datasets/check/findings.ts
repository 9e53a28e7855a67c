import { count, listed } from '../../base/count.js'
import type { Dataset } from '../dataset.js'
import { finding } from './list.js'
import { maskFindings } from './maskFindings.js'
import type { ReadPicture } from './readPictures.js'
import type { CheckedClass, DataFinding } from './types.js'

/** Side of the patches of the generators: smaller pictures are refused while maps are made. */
const PATCH = 16

/** Everything to know about data, what keeps training from starting first. */
export function findingsOf(
  dataset: Dataset,
  pictures: readonly ReadPicture[],
  classes: readonly CheckedClass[],
  masks: boolean,
): DataFinding[] {
  const findings = [
    ...labelFindings(dataset, classes),
    // Those of the folder are sentences that end with what to do.
    ...(dataset.warnings ?? []).map((message): DataFinding => ({ level: 'warning', message })),
    ...pictureFindings(pictures),
    ...duplicateFindings(pictures),
    ...(masks ? maskFindings(pictures) : []),
  ]
  const order = ['stop', 'warning', 'note']
  return findings.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
}

/** Pictures whose files have the same content, in groups of two and more. */
export function duplicatesOf(pictures: readonly ReadPicture[]): ReadPicture[][] {
  const byContent = new Map<string, ReadPicture[]>()
  for (const picture of pictures) {
    const { content } = picture
    if (content !== undefined) byContent.set(content, [...(byContent.get(content) ?? []), picture])
  }
  return [...byContent.values()].filter(({ length }) => length > 1)
}

function labelFindings({ items, name }: Dataset, classes: readonly CheckedClass[]): DataFinding[] {
  const labelled = items.filter(({ labels }) => labels.length > 0).length
  if (labelled === 0)
    return [
      {
        level: 'stop',
        message: `None of the ${items.length} pictures of ${name} has a label.`,
        advice: 'Check that the labels belong to these pictures.',
      },
    ]
  const negatives = items.filter(({ negative }) => negative).length
  const unlabelled = items.length - labelled - negatives
  const absent = classes.filter(({ pictures }) => pictures === 0)
  const few = classes.filter(({ pictures }) => pictures > 0 && pictures < 5)
  return [
    ...(negatives === 0
      ? []
      : [
          finding(
            'note',
            `${count(negatives, 'picture')} ${negatives === 1 ? 'shows' : 'show'} no object (_background/).`,
            'Classification learns from them that no class is there; the other stages leave them out.',
          ),
        ]),
    ...(unlabelled === 0
      ? []
      : [
          finding(
            'note',
            `${count(unlabelled, 'picture')} ${unlabelled === 1 ? 'has' : 'have'} no label.`,
            'They are left out of training, and serve evaluation. If they show an object, label them.',
          ),
        ]),
    ...(absent.length === 0
      ? []
      : [
          finding(
            'warning',
            `No picture shows ${listed(absent.map(({ label }) => label))}.`,
            'Nothing is learned for such a class: add pictures of it, or take it out of the class table.',
          ),
        ]),
    ...(few.length === 0
      ? []
      : [
          finding(
            'warning',
            `Fewer than 5 pictures show ${listed(few.map(({ label, pictures }) => `${label} (${pictures})`))}.`,
            'That is little to learn a class from: add pictures of it.',
          ),
        ]),
  ]
}

function pictureFindings(pictures: readonly ReadPicture[]): DataFinding[] {
  const unreadable = pictures.filter(({ reason }) => reason !== undefined)
  const small = pictures.filter(({ size }) => size !== undefined && Math.min(size.width, size.height) < PATCH)
  return [
    ...(unreadable.length === 0
      ? []
      : [
          finding(
            'warning',
            `${count(unreadable.length, 'picture')} cannot be read: ${listed(
              unreadable.map(({ item, reason }) => `${item.id} (${short(reason!)})`),
              3,
            )}.`,
            'Training would end at such a picture: replace it, take it out, or leave it out with --set loader.unreadable=skip.',
          ),
        ]),
    ...(small.length === 0
      ? []
      : [
          finding(
            'warning',
            `${count(small.length, 'picture')} ${small.length === 1 ? 'is' : 'are'} smaller than a patch of ${PATCH} pixels: ${listed(
              small.map(({ item }) => item.id),
              3,
            )}.`,
            'No masks can be made of them: enlarge them or take them out.',
          ),
        ]),
  ]
}

function duplicateFindings(pictures: readonly ReadPicture[]): DataFinding[] {
  const groups = duplicatesOf(pictures)
  const labelsOf = ({ item }: ReadPicture) => item.labels.join()
  const differing = groups.filter(([first, ...others]) => others.some((other) => labelsOf(other) !== labelsOf(first!)))
  const ids = (some: readonly ReadPicture[][]) =>
    listed(
      some.map((group) =>
        listed(
          group.map(({ item }) => item.id),
          4,
        ).replace(/, ([^,]*)$/, ' and $1'),
      ),
      3,
      '; ',
    )
  const told = (some: readonly ReadPicture[][], labels: string) =>
    some.length === 1
      ? `${ids(some)} are the same picture${labels}.`
      : `${some.length} pictures are there more than once${labels}: ${ids(some)}.`
  const same = groups.filter((group) => !differing.includes(group))
  return [
    ...(differing.length === 0
      ? []
      : [
          finding(
            'warning',
            told(differing, ', with different labels'),
            'The same content should have one file with all its labels.',
          ),
        ]),
    ...(same.length === 0
      ? []
      : [
          finding(
            'note',
            told(same, ''),
            'They count several times in training; where they are in training and in evaluation, figures are too good.',
          ),
        ]),
  ]
}

/** The reason of an error that begins with the path, which the id stands for. */
function short(reason: string): string {
  return reason
    .replace(/^The picture .* cannot be read: /, '')
    .replace(/\.? Replace it by .*$/, '')
    .slice(0, 120)
}
