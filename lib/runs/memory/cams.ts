import { SemplesError } from '../../base/error.js'
import type { CamOptions } from '../../cam/picture.js'
import type { RunConfig } from '../../config/types.js'
import type { Dataset } from '../../datasets/dataset.js'
import { askMemory, type MemorySurroundings } from './check.js'
import { largestPicture, type PictureSize } from './largestPicture.js'
import type { CamsJob } from './peakMemory.js'

/** Maps of a picture whose labels are predicted later: more are rare. */
const PREDICTED = 5

/**
 * Checks that CAMs of every picture fit into memory, before the first is made.
 * @returns a warning, or undefined
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` naming the largest picture and the `maxSide` that fits
 */
export async function checkCamsMemory(
  dataset: Dataset,
  config: Pick<RunConfig, 'generator' | 'cams'>,
  options: { predicted: boolean; writes: boolean; device: string; signal?: AbortSignal } & MemorySurroundings,
): Promise<string | undefined> {
  if (options.check === 'off' || options.device.startsWith('cuda')) return undefined
  const largest = await largestPicture(
    dataset.items.map(({ image, labels }) => ({ image, maps: options.predicted ? PREDICTED : labels.length })),
    options.signal,
  )
  if (largest === undefined) return undefined
  const { image, width, height } = largest
  const longer = Math.max(width, height)
  const job = (maxSide?: number): CamsJob => camsJob(largest, dataset, config, options.writes, maxSide)
  return askMemory(
    {
      job: job(),
      what: `CAMs of ${image}, ${width}x${height},`,
      field: 'cams.maxSide',
      at: job,
      values: sidesBelow(longer),
      remedy: (side) =>
        `With maxSide ${side} (cams.maxSide, --max-side ${side}) they fit: larger pictures are shrunk to that, and maps are given at the picture's own size.`,
      otherwise: 'No size fits: free some memory, or use another machine.',
    },
    options,
  )
}

/**
 * The config with another `cams.maxSide`, where one is given.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function withMaxSide(config: RunConfig, maxSide: number | undefined): RunConfig {
  if (maxSide === undefined) return config
  if (Number.isSafeInteger(maxSide) && maxSide >= 16) return { ...config, cams: { ...config.cams, maxSide } }
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'The longest side is out of range.',
    field: 'maxSide',
    value: maxSide,
    expected: 'a whole number of pixels, 16 or more',
  })
}

/** The job of one picture, as `preparePicture` sizes it. */
export function camsJob(
  { width, height, maps }: PictureSize,
  { classes }: Pick<Dataset, 'classes'>,
  { generator, cams }: { generator: RunConfig['generator']; cams: CamOptions },
  writes: boolean,
  maxSide = cams.maxSide ?? Number.POSITIVE_INFINITY,
): CamsJob {
  const longer = Math.max(width, height)
  const factor = Math.min(cams.side ?? longer, maxSide) / longer
  const side = (length: number) => Math.max(1, Math.round(length * factor))
  return {
    kind: 'cams',
    generator,
    classes: classes.classes.length,
    width: side(width),
    height: side(height),
    outputWidth: width,
    outputHeight: height,
    scales: cams.scales,
    flip: cams.flip,
    maps,
    writes,
    ahead: 2,
  }
}

function sidesBelow(longer: number): number[] {
  const sides: number[] = []
  for (let side = Math.floor((longer - 1) / 16) * 16; side >= 64; side -= 16) sides.push(side)
  return sides
}
