import { askMemory, type MemorySurroundings } from './check.js'
import { largestPicture } from './largestPicture.js'
import type { SegmentJob, SegmentTrainingJob } from './peakMemory.js'

/**
 * Checks that the masks of every picture fit into memory, before the first is made.
 * @param pictures files; those that cannot be read are met later
 * @param jobOf what the picture of a size asks for, with another number of windows at a time where one is given
 * @param field names `atOnce` for people. Default `atOnce`
 * @returns a warning, or undefined
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` naming the largest picture and the number of windows at a time that fits
 */
export async function checkSegmentMemory(
  pictures: readonly string[],
  jobOf: (size: { width: number; height: number }, atOnce?: number) => SegmentJob,
  {
    device,
    field = 'atOnce',
    signal,
    ...surroundings
  }: { device: string; field?: string; signal?: AbortSignal } & MemorySurroundings,
): Promise<string | undefined> {
  if (surroundings.check === 'off' || device.startsWith('cuda')) return undefined
  const largest = await largestPicture(
    pictures.map((image) => ({ image, maps: 1 })),
    signal,
  )
  if (largest === undefined) return undefined
  const { image, width, height } = largest
  const job = jobOf({ width, height })
  const { atOnce = 4 } = job
  return askMemory(
    {
      job,
      what: `The windows of ${image}, ${width}x${height}, ${atOnce} at a time,`,
      field,
      at: (fewer) => ({ ...jobOf({ width, height }, fewer), atOnce: fewer }),
      values: below(atOnce),
      remedy: (fewer) =>
        `With ${field} ${fewer} (--at-once ${fewer}) they fit: fewer are computed at a time, with the same result.`,
      otherwise: 'Not even one window at a time fits: choose smaller windows or scales, or another machine.',
    },
    surroundings,
  )
}

/**
 * Checks that a step of training of a segmentation model fits into memory.
 * @param field names `microBatch` for people. Default `microBatch`
 * @returns a warning, or undefined
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` naming the `microBatch` that fits
 */
export function checkSegmentTrainingMemory(
  job: SegmentTrainingJob,
  { device, field = 'microBatch', ...surroundings }: { device: string; field?: string } & MemorySurroundings,
): string | undefined {
  if (surroundings.check === 'off' || device.startsWith('cuda')) return undefined
  const pictures = job.microBatch || job.batch
  const exact = job.model.kind === 'deeplabv3plus' ? ' but for the statistics of batch norm' : ''
  return askMemory(
    {
      job,
      what: `Steps of ${pictures} pictures of ${job.size}x${job.size} at a time`,
      field,
      at: (fewer) => ({ ...job, microBatch: fewer }),
      values: below(pictures),
      remedy: (fewer) =>
        `With ${field} ${fewer} (--set train.microBatch=${fewer}) they fit: a batch is then computed in parts of so many pictures, with the same result${exact}.`,
      otherwise: 'Not even one picture at a time fits: choose smaller crops, or another machine.',
    },
    surroundings,
  )
}

/** The largest first. */
function below(count: number): number[] {
  return Array.from({ length: count - 1 }, (_, index) => count - 1 - index)
}
