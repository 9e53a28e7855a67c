import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import type { Dataset } from '../dataset.js'
import { type DataSpec, detectSplit, kindOfData } from '../kinds.js'
import { countPictures } from '../oneClass.js'
import { canHavePixelLabels, openDataset, requireSplits } from '../open.js'
import { duplicatesOf, findingsOf } from './findings.js'
import { type ReadPicture, readPictures } from './readPictures.js'
import type { CheckDataOptions, CheckedSize, DataCheck } from './types.js'

/** `checkData` of the public API, documented in lib/api/datasets.ts. */
export async function checkData(options: CheckDataOptions): Promise<DataCheck> {
  const { concurrency = 4, signal, onProgress } = options
  signal?.throwIfAborted()
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) throw notANumber(concurrency)
  const opened = await open(options)
  if ('failed' in opened) return opened.failed
  const { dataset, spec } = opened
  const masks = canHavePixelLabels(spec)
  const pictures = await readPictures(dataset, { concurrency, masks, signal, onProgress })
  return checkOf(spec, dataset, pictures, masks)
}

/** The data set; or, where it cannot be opened, what is to be said of that. */
async function open({
  data,
  labels,
  classes,
  images,
  val,
  split,
}: CheckDataOptions): Promise<{ dataset: Dataset; spec: DataSpec } | { failed: DataCheck }> {
  if (typeof data !== 'string')
    refuseUseless({ labels, classes, images, val }, 'beside data with options: it is one of them', 'Give it in data.')
  const found =
    typeof data === 'string' ? await detectSplit(data, { labels, classes, images, val, split }) : { data, split }
  const spec = found.data
  requireSplits(spec, found.split)
  const kind = kindOfData(spec).title
  try {
    return { dataset: await openDataset(spec, found.split ?? 'train'), spec }
  } catch (error) {
    if (!(error instanceof SemplesError)) throw error
    const { message, hint } = error
    const text = hint !== undefined && message.endsWith(hint) ? message.slice(0, -hint.length).trim() : message
    const findings = [{ level: 'stop' as const, message: text, ...(hint === undefined ? {} : { advice: hint }) }]
    return {
      failed: {
        canTrain: false,
        kind,
        pictures: 0,
        unlabelled: 0,
        classes: [],
        unreadable: [],
        duplicates: [],
        findings,
      },
    }
  }
}

function checkOf(spec: DataSpec, dataset: Dataset, pictures: readonly ReadPicture[], masks: boolean): DataCheck {
  const counts = countPictures(dataset)
  const classes = dataset.classes.classes.map(({ id, label, prompt }, index) => ({
    ...{ id, label, prompt },
    pictures: counts[index]!,
  }))
  const duplicates = duplicatesOf(pictures)
  const findings = findingsOf(dataset, pictures, classes, masks)
  const sizes = sizesOf(pictures)
  return {
    canTrain: findings.every(({ level }) => level !== 'stop'),
    kind: kindOfData(spec).title,
    name: dataset.name,
    ...(dataset.described === undefined ? {} : { labels: dataset.described }),
    pictures: dataset.items.length,
    unlabelled: dataset.items.filter(({ labels }) => labels.length === 0).length,
    classes,
    ...(masks ? { masks: pictures.filter(({ mask }) => mask !== undefined && mask.problem === undefined).length } : {}),
    ...(sizes === undefined ? {} : { sizes }),
    unreadable: pictures.flatMap(({ item, reason }) =>
      reason === undefined ? [] : [{ id: item.id, image: item.image, reason }],
    ),
    duplicates: duplicates.map((group) => group.map(({ item }) => item.id)),
    findings,
  }
}

function sizesOf(pictures: readonly ReadPicture[]): DataCheck['sizes'] {
  const sizes = pictures.flatMap(({ size }) => (size === undefined ? [] : [size]))
  const area = ({ width, height }: CheckedSize) => width * height
  sizes.sort((a, b) => area(a) - area(b))
  const [smallest, median, largest] = [sizes[0], sizes[Math.floor(sizes.length / 2)], sizes.at(-1)]
  if (smallest === undefined || median === undefined || largest === undefined) return undefined
  return { smallest, median, largest }
}

function notANumber(value: unknown): SemplesError {
  return new SemplesError('SEMPLES_ARGUMENT_INVALID', {
    message: 'concurrency is the number of pictures that are read at a time.',
    field: 'concurrency',
    value,
    expected: 'a whole number, 1 or more',
  })
}
