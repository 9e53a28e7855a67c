import { z } from 'zod'
import { type LabelMap, VOID_ID } from '../../masks/labelMap.js'
import { type CocoFile, type CocoImage, cocoInvalid, readSegmentations } from './annotations.js'
import {
  countsOfString,
  type PixelRuns,
  paintRuns,
  polygonRuns,
  runsArea,
  runsOfCounts,
  unionOfRuns,
} from './regions.js'

/** Farther out than any picture is wide: such a coordinate is damage, and tracing its edge would take for ever. */
const FARTHEST = 1e6

const coordinate = z.number().min(-FARTHEST).max(FARTHEST)
const polygonSchema = z
  .array(coordinate)
  .refine(({ length }) => length % 2 === 0, 'a polygon has an odd number of coordinates')
  .refine(
    ({ length }) => length !== 2,
    'a polygon has two numbers, which are one point; a polygon is one flat list [x, y, x, y, ...], not a list of pairs',
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
  /** The `segmentation` of the annotation: polygons, an RLE object with counts as list or string, or a list of these. */
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
    const runs = runsOf(region.segmentation, height, width)
    if (typeof runs === 'string') throw cocoInvalid(file, `has an unusable annotation of ${picture}: ${runs}`)
    const isVoid = region.crowd && crowd === 'void'
    const area = isVoid ? Number.POSITIVE_INFINITY : runsArea(runs)
    return { runs, area, value: isVoid ? VOID_ID : region.id }
  })
  drawn.sort((a, b) => (a.area === b.area ? 0 : b.area - a.area))
  for (const { runs, value } of drawn) paintRuns(data, runs, value, height, width)
  return { width, height, data }
}

/**
 * The mask of an image of a COCO file; outlines are read from the file.
 * @param idOfCategory pixel value of a category that is annotated
 */
export async function drawMask(
  coco: CocoFile,
  image: CocoImage,
  idOfCategory: (categoryId: number) => number,
  crowd: 'class' | 'void',
): Promise<LabelMap> {
  const annotations = coco.annotations.get(image.id) ?? []
  const segmentations = await readSegmentations(coco.file, annotations)
  return drawRegions({
    height: image.height,
    width: image.width,
    regions: annotations.map(({ categoryId, crowd: isCrowd }, i) => ({
      id: idOfCategory(categoryId),
      crowd: isCrowd,
      segmentation: segmentations[i],
    })),
    crowd,
    file: coco.file,
    picture: image.file_name,
  })
}

/** The pixels of a segmentation, each once however many of its parts cover it; or what is wrong with it. */
function runsOf(segmentation: unknown, height: number, width: number): PixelRuns | string {
  if (Array.isArray(segmentation) && segmentation.length === 0)
    return 'its segmentation is empty, an object without outline'
  const parts: PixelRuns[] = []
  for (const part of Array.isArray(segmentation) ? segmentation : [segmentation]) {
    const runs = Array.isArray(part) ? ofPolygon(part, height, width) : ofRunLengths(part, height, width)
    if (typeof runs === 'string') return runs
    parts.push(runs)
  }
  return unionOfRuns(parts)
}

function ofPolygon(part: unknown[], height: number, width: number): PixelRuns | string {
  const polygon = polygonSchema.safeParse(part)
  if (!polygon.success) return polygon.error.issues[0]!.message
  // Fewer than three corners enclose nothing.
  return polygon.data.length < 6 ? [] : polygonRuns(polygon.data, height, width)
}

function ofRunLengths(part: unknown, height: number, width: number): PixelRuns | string {
  const runLength = runLengthSchema.safeParse(part)
  if (!runLength.success) return 'its segmentation is neither a list of polygons nor an RLE object with size and counts'
  const { size, counts } = runLength.data
  if (size[0] !== height || size[1] !== width) {
    return `its RLE is for ${size[1]}x${size[0]} pixels, the picture has ${width}x${height}`
  }
  const numbers = typeof counts === 'string' ? countsOfString(counts) : counts
  return (numbers && runsOfCounts(numbers, height, width)) ?? 'the counts of its RLE do not add up to the picture'
}
