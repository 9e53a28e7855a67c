import { z } from 'zod'
import { type LabelMap, VOID_ID } from '../../masks/labelMap.js'
import { cocoInvalid } from './annotations.js'
import { countsOfString, type PixelRuns, paintRuns, polygonRuns, runsArea, runsOfCounts } from './regions.js'

/** Farther out than any picture is wide: such a coordinate is damage, and tracing its edge would take for ever. */
const FARTHEST = 1e6

const coordinate = z.number().min(-FARTHEST).max(FARTHEST)
const polygonsSchema = z.array(
  z.array(coordinate).refine(({ length }) => length % 2 === 0, 'a polygon has an odd number of coordinates'),
)
const runLengthSchema = z.object({
  size: z.tuple([z.number(), z.number()]),
  counts: z.union([z.string(), z.array(z.number())]),
})

/** A region to draw: the pixels of one annotation. */
export interface Region {
  /** Pixel value of its class, 1..254. */
  id: number
  crowd: boolean
  /** The `segmentation` of the annotation: polygons, or an RLE object with counts as list or string. */
  segmentation: unknown
}

export interface MaskPlan {
  height: number
  width: number
  regions: readonly Region[]
  /** `class`: crowd regions are drawn as their class. `void`: they become 255 where no object covers them. */
  crowd: 'class' | 'void'
  /** Names the annotations in errors. */
  file: string
  /** Names the picture in errors. */
  picture: string
}

/**
 * Draws the annotations of a picture into one mask, largest first (by pixels, then file order), so that a small object
 * in front of a large one stays visible.
 *
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for a segmentation that is neither polygons nor a fitting RLE
 */
export function drawRegions({ height, width, regions, crowd, file, picture }: MaskPlan): LabelMap {
  const data = new Uint8Array(width * height)
  const drawn = regions.map((region) => {
    const parts = partsOf(region.segmentation, height, width)
    if (typeof parts === 'string') throw cocoInvalid(file, `has an unusable annotation of ${picture}: ${parts}`)
    const area = parts.reduce((total, runs) => total + runsArea(runs), 0)
    const isVoid = region.crowd && crowd === 'void'
    return { parts, area: isVoid ? Number.POSITIVE_INFINITY : area, value: isVoid ? VOID_ID : region.id }
  })
  drawn.sort((a, b) => (a.area === b.area ? 0 : b.area - a.area))
  for (const { parts, value } of drawn) {
    for (const runs of parts) paintRuns(data, runs, value, height, width)
  }
  return { width, height, data }
}

/** The pixels of a segmentation, or what is wrong with it. */
function partsOf(segmentation: unknown, height: number, width: number): PixelRuns[] | string {
  if (Array.isArray(segmentation)) {
    const polygons = polygonsSchema.safeParse(segmentation)
    if (!polygons.success) return polygons.error.issues[0]!.message
    // Fewer than three corners enclose nothing.
    return polygons.data.filter(({ length }) => length >= 6).map((points) => polygonRuns(points, height, width))
  }
  const runLength = runLengthSchema.safeParse(segmentation)
  if (!runLength.success) return 'its segmentation is neither a list of polygons nor an RLE object with size and counts'
  const { size, counts } = runLength.data
  if (size[0] !== height || size[1] !== width) {
    return `its RLE is for ${size[1]}x${size[0]} pixels, the picture has ${width}x${height}`
  }
  const numbers = typeof counts === 'string' ? countsOfString(counts) : counts
  const runs = numbers === undefined ? undefined : runsOfCounts(numbers, height, width)
  return runs === undefined ? 'the counts of its RLE do not add up to the picture' : [runs]
}
