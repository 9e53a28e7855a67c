import { open } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import { elementsOfArrays, type JsonElement, JsonSyntaxError, membersOf, parseMembers } from './jsonArrays.js'

const imageSchema = z.object({
  id: z.number().int(),
  file_name: z.string().min(1),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
})
const categorySchema = z.object({
  id: z.number().int(),
  name: z.string(),
  supercategory: z.string().optional().catch(undefined),
})
const annotationSchema = z.object({
  image_id: z.number().int(),
  category_id: z.number().int(),
  iscrowd: z.union([z.literal(0), z.literal(1)]).default(0),
})
const SCHEMAS = { images: imageSchema, categories: categorySchema, annotations: annotationSchema }
const KEYS = {
  images: Object.keys(imageSchema.shape),
  categories: Object.keys(categorySchema.shape),
  annotations: Object.keys(annotationSchema.shape),
}

export type CocoImage = z.infer<typeof imageSchema>
export type CocoCategory = z.infer<typeof categorySchema>

/** An annotation without its outline: that stays in the file, at bytes `[start, end)`, until a mask is drawn. */
export interface CocoAnnotation {
  categoryId: number
  crowd: boolean
  /** Whether the file gives an outline: exports of boxes alone leave it out, or empty. */
  outlined: boolean
  start: number
  end: number
}

/** A COCO annotation file without outlines. */
export interface CocoFile {
  file: string
  /** In file order. */
  images: CocoImage[]
  categories: CocoCategory[]
  /** By image id, in file order; images without annotation have no entry. */
  annotations: Map<number, CocoAnnotation[]>
  /** What was passed over, one sentence each. */
  warnings: string[]
}

/** Other work gets a turn after this many milliseconds of parsing. */
const TURN_MS = 10

/**
 * Reads a COCO instances file piece by piece: outlines are not kept, and the event loop goes on meanwhile.
 *
 * @param needed lists that may not be empty; files of pictures to predict have no annotations
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; `SEMPLES_DATA_FILE_INVALID` naming the file and what is missing or wrong
 */
export async function readCocoFile(
  file: string,
  needed: readonly ('images' | 'categories' | 'annotations')[] = ['images', 'categories', 'annotations'],
): Promise<CocoFile> {
  const bytes = await readBytes(file)
  const result: CocoFile = { file, images: [], categories: [], annotations: new Map(), warnings: [] }
  const indexOf: Record<string, number> = {}
  let turnEnds = performance.now() + TURN_MS
  try {
    for (const element of elementsOfArrays(bytes)) {
      const index = indexOf[element.key] ?? 0
      indexOf[element.key] = index + 1
      addElement(result, bytes, element, index)
      if (performance.now() > turnEnds) {
        await setImmediate()
        turnEnds = performance.now() + TURN_MS
      }
    }
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause
    throw cocoInvalid(file, `is not a COCO annotation file: ${cause.message}`, cause)
  }
  checkWhole(result, needed)
  return result
}

function addElement(result: CocoFile, bytes: Uint8Array, element: JsonElement, index: number): void {
  const { key, start, end } = element
  if (key !== 'images' && key !== 'categories' && key !== 'annotations') return
  const field = `${key}[${index}]`
  const parsed = SCHEMAS[key].safeParse(readMembers(result.file, field, bytes, start, KEYS[key]))
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw cocoInvalid(result.file, `has a wrong ${[field, ...path].join('.')}: ${message}`)
  }
  if (key === 'images') result.images.push(parsed.data as CocoImage)
  else if (key === 'categories') result.categories.push(parsed.data as CocoCategory)
  else {
    const { image_id, category_id, iscrowd } = parsed.data as z.infer<typeof annotationSchema>
    const outlined = hasOutline(bytes, start)
    const annotation = { categoryId: category_id, crowd: iscrowd === 1, outlined, start, end }
    const sameImage = result.annotations.get(image_id)
    if (sameImage === undefined) result.annotations.set(image_id, [annotation])
    else sameImage.push(annotation)
  }
}

/** Longest text of a `segmentation` that says nothing: `null`, or brackets with blanks between them. */
const EMPTY_LENGTH = 16

function hasOutline(bytes: Uint8Array, annotation: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const { key, start, end } of membersOf(buffer, annotation)) {
    if (key !== 'segmentation') continue
    return end - start > EMPTY_LENGTH || !/^(null|[[{\]}\s]*)$/.test(buffer.toString('latin1', start, end))
  }
  return false
}

function readMembers(
  file: string,
  field: string,
  bytes: Uint8Array,
  start: number,
  keys: string[],
): Record<string, unknown> {
  try {
    return parseMembers(bytes, start, keys)
  } catch (cause) {
    throw cocoInvalid(file, `has an unreadable ${field}: ${(cause as Error).message}`, cause)
  }
}

function checkWhole({ file, images, categories, annotations, warnings }: CocoFile, needed: readonly string[]): void {
  const missing = [
    images.length === 0 && 'images',
    categories.length === 0 && 'categories',
    annotations.size === 0 && 'annotations',
  ].filter((key) => key !== false && needed.includes(key))
  if (missing.length > 0) {
    throw cocoInvalid(file, `is not a COCO annotation file: it has no ${missing.join(', no ')}`)
  }
  const ids = new Set<number>()
  for (const { id } of images) {
    if (ids.has(id)) throw cocoInvalid(file, `lists image ${id} twice`)
    ids.add(id)
  }
  // Lists of images are cut, and nothing wrong follows for those that are left.
  const strangers = [...annotations.keys()].filter((id) => !ids.has(id))
  if (strangers.length === 0) return
  const what = `${count(strangers.length, 'image')} that it does not list, the first with id ${strangers[0]}`
  if (strangers.length === annotations.size) throw cocoInvalid(file, `annotates only ${what}`)
  let passed = 0
  for (const id of strangers) {
    passed += annotations.get(id)!.length
    annotations.delete(id)
  }
  warnings.push(`${file} annotates ${what}: ${count(passed, 'annotation')} passed over.`)
}

/** The `segmentation` values of some annotations, read from the file again. */
export async function readSegmentations(file: string, annotations: readonly CocoAnnotation[]): Promise<unknown[]> {
  const handle = await open(file)
  try {
    return await Promise.all(
      annotations.map(async ({ start, end }) => {
        const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start)
        return readMembers(file, `annotation at byte ${start}`, buffer, 0, ['segmentation']).segmentation
      }),
    )
  } finally {
    await handle.close()
  }
}

export function cocoInvalid(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `${file} ${why}.`,
    file,
    hint: 'Expected is a file such as instances_val2014.json: images, annotations with polygons or RLE, categories.',
    cause,
  })
}
